using Microsoft.Extensions.Hosting;

namespace OpenAi.Gateway;

/// <summary>Makes the ledger at start-up, so that wrong options stop the app, and empties it when the last call has ended.</summary>
internal sealed class UsageLedgerService(UsageLedger ledger) : IHostedLifecycleService
{
    // Not the host's time, of which a stream that would not end may have left nothing.
    public Task StoppedAsync(CancellationToken cancellationToken) => ledger.DrainAsync();

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
