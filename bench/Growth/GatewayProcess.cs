using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using OpenAi.Gateway.Testing;

namespace Growth;

/// <summary>The gateway, in a process of its own that ends with this object.</summary>
internal sealed class GatewayProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartUp = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly IPEndPoint _address;
    private readonly HttpClient _client;

    private GatewayProcess(Process process, IPEndPoint address)
    {
        _process = process;
        _address = address;
        _client = new HttpClient { BaseAddress = new Uri($"http://{address}"), Timeout = StartUp };
    }

    public static async Task<GatewayProcess> StartAsync(GrowthOptions options, StandIn upstream, string arguments, CancellationToken cancellationToken)
    {
        var address = FreeAddress();
        var host = $"{Path.Combine(AppContext.BaseDirectory, "BenchHost.dll")} --urls http://{address} --upstream {upstream.Address} {arguments}";
        var process = options.Pin is { } processor ? Process.Start("taskset", $"-c {processor} dotnet {host}") : Process.Start("dotnet", host);
        var started = new GatewayProcess(process, address);
        await started.WhenReadyAsync(cancellationToken);
        return started;
    }

    public Task<HostStats> StatsAsync(CancellationToken cancellationToken) => StatsAsync("/stats", cancellationToken);

    /// <summary>Has the heap collected first, which costs CPU time that belongs to no request.</summary>
    public Task<HostStats> CollectAsync(CancellationToken cancellationToken) => StatsAsync("/stats?collect=true", cancellationToken);

    public async Task<PreparedClient> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(_address, cancellationToken);
        return new PreparedClient(new NetworkStream(socket, ownsSocket: true));
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task<HostStats> StatsAsync(string path, CancellationToken cancellationToken) =>
        HostStats.Parse(await _client.GetStringAsync(path, cancellationToken));

    private async Task WhenReadyAsync(CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await StatsAsync(cancellationToken);
                return;
            }
            catch (HttpRequestException) when (!_process.HasExited && Stopwatch.GetElapsedTime(started) < StartUp)
            {
                await Task.Delay(100, cancellationToken);
            }
        }
    }

    private static IPEndPoint FreeAddress()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)listener.LocalEndPoint!;
    }
}
