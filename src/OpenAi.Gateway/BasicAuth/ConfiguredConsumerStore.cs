using System.Collections.Frozen;

namespace OpenAi.Gateway;

/// <summary>The consumers that were written in code or configuration.</summary>
internal sealed class ConfiguredConsumerStore(IEnumerable<BasicAuthConsumerOptions> consumers) : ConsumerStore
{
    private readonly FrozenDictionary<string, Consumer> _consumers = consumers
        .Select(consumer => consumer.PasswordHash is { } hash
            ? new Consumer(consumer.Name, consumer.Username, hash)
            : Consumer.FromPassword(consumer.Name, consumer.Username, consumer.Password!))
        .ToFrozenDictionary(consumer => consumer.Username, StringComparer.Ordinal);

    public override ValueTask<Consumer?> FindAsync(string username, CancellationToken cancellationToken) =>
        new(_consumers.GetValueOrDefault(username));
}
