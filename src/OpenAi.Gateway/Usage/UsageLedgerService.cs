using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.Hosting;

namespace OpenAi.Gateway;

/// <summary>Makes the ledger at start-up, so that wrong options stop the app, and empties it when the last call has ended.</summary>
internal sealed class UsageLedgerService(UsageLedger ledger, IServer? server = null) : IHostedLifecycleService, IAsyncDisposable, IDisposable
{
    private bool _isRunning;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _isRunning = true;
        return Task.CompletedTask;
    }

    // Not with the host's token: a stream that would not end may have used up all of its time.
    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        _isRunning = false;
        return ledger.DrainAsync();
    }

    /// <summary>
    /// An app may be disposed without being stopped. Its server would be disposed behind the ledger then, and calls that are still open end with the server
    /// only: it is stopped here, before their records are given to the sinks.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (_isRunning)
        {
            _isRunning = false;
            ledger.CutOff = new CancellationToken(canceled: true);
            await (server?.StopAsync(ledger.CutOff) ?? Task.CompletedTask);
            await ledger.DrainAsync();
        }
    }

    public void Dispose() => Task.Run(async () => await DisposeAsync()).GetAwaiter().GetResult();

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        ledger.CutOff = cancellationToken;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
