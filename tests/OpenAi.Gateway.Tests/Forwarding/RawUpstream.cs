using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace OpenAi.Gateway.Tests.Forwarding;

/// <summary>Accepts connections and reads whatever comes, without understanding it: shows that a half-sent request was broken off.</summary>
internal sealed class RawUpstream : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Channel<Task> _connections = Channel.CreateUnbounded<Task>();
    private Task _accepting = Task.CompletedTask;

    private RawUpstream()
    {
    }

    public string Address => $"http://{_listener.LocalEndpoint}";

    public static RawUpstream Start()
    {
        var upstream = new RawUpstream();
        upstream._listener.Start();
        upstream._accepting = upstream.AcceptAsync();
        return upstream;
    }

    /// <summary>A connection from which bytes have come; the inner task ends when its peer has closed it.</summary>
    public Task<Task> NextAsync() => _connections.Reader.ReadAsync().AsTask().SoonAsync("a connection to the upstream");

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ReadAsync(await _listener.AcceptSocketAsync());
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
        {
            // The end of the test.
        }
    }

    private async Task ReadAsync(Socket socket)
    {
        using var stream = new NetworkStream(socket, ownsSocket: true);
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var buffer = new byte[4096];
        var total = 0;
        try
        {
            while (await stream.ReadAsync(buffer) is var read and > 0)
            {
                total += read;
                if (total > 50_000 && total - read <= 50_000)
                {
                    _connections.Writer.TryWrite(closed.Task);
                }
            }
        }
        catch (IOException)
        {
            // A reset is an end, too.
        }

        closed.TrySetResult();
    }
}
