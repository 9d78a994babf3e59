using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace OpenAi.Gateway.FunctionalTests.WireMock;

/// <summary>WireMock as a process on a free port, one for all tests. Tests that use it are in its collection, and run one by one.</summary>
public sealed partial class WireMockServer : IAsyncLifetime
{
    public const string Collection = nameof(WireMockServer);

    private static readonly TimeSpan StartBound = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);
    private readonly TaskCompletionSource<int> _port = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("wiremock-");
    private readonly List<string> _output = [];
    private Process? _process;
    private WireMockClient? _api;

    public Uri Address => Api.Address;

    public WireMockClient Api => _api ?? throw new InvalidOperationException("WireMock has not been started.");

    public async ValueTask InitializeAsync()
    {
        _process = StartProcess();
        // Also when the run is cancelled.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Kill();
        try
        {
            var port = await _port.Task.WaitAsync(StartBound);
            _api = new WireMockClient(new Uri($"http://127.0.0.1:{port}"));
            await WaitUntilHealthyAsync(_api);
        }
        catch (Exception error)
        {
            await DisposeAsync();
            throw new InvalidOperationException($"WireMock did not start. Its output:\n{Output()}", error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await (_process?.WaitForExitAsync() ?? Task.CompletedTask).SoonAsync("the end of WireMock");
        _process?.Dispose();
        _process = null;
        _api?.Dispose();
        _files.Delete(recursive: true);
    }

    [GeneratedRegex(@"^port:\s+(\d+)")]
    private static partial Regex PortLine();

    private static async Task WaitUntilHealthyAsync(WireMockClient api)
    {
        var started = Stopwatch.StartNew();
        while (!await api.IsHealthyAsync())
        {
            if (started.Elapsed > StartBound)
            {
                throw new TimeoutException($"{api.Address}__admin/health was not healthy within {StartBound.TotalSeconds} s.");
            }

            await Task.Delay(PollInterval);
        }
    }

    private Process StartProcess()
    {
        var process = new Process { StartInfo = WireMockCommand.Create(_files) };
        process.OutputDataReceived += (_, line) => OnOutput(line.Data);
        process.ErrorDataReceived += (_, line) => OnOutput(line.Data);
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) => _port.TrySetException(new InvalidOperationException("The process ended at its start."));
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private void OnOutput(string? line)
    {
        lock (_output)
        {
            _output.Add(line ?? "");
        }

        if (PortLine().Match(line ?? "") is { Success: true } port)
        {
            _port.TrySetResult(int.Parse(port.Groups[1].Value, CultureInfo.InvariantCulture));
        }
    }

    private string Output()
    {
        lock (_output)
        {
            return string.Join('\n', _output);
        }
    }

    private void Kill()
    {
        if (_process is { HasExited: false } running)
        {
            running.Kill(entireProcessTree: true);
        }
    }
}
