using System.Collections.Concurrent;

namespace OpenAi.Gateway.Tests.BasicAuth;

/// <summary>A store that a test changes, and that counts how often it was asked.</summary>
internal sealed class CountingConsumerStore : ConsumerStore
{
    private int _calls;

    public ConcurrentDictionary<string, Consumer> Consumers { get; } = new();

    public int Calls => _calls;

    public override async ValueTask<Consumer?> FindAsync(string username, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        await Task.Yield();
        return Consumers.GetValueOrDefault(username);
    }
}
