using System.Collections.Frozen;

namespace OpenAi.Gateway;

/// <summary>The consumers that were written in code or configuration.</summary>
internal sealed class ConfiguredConsumerStore(IEnumerable<BasicAuthConsumerOptions> consumers) : ConsumerStore
{
    private readonly FrozenDictionary<string, Consumer> _consumers = consumers
        .Select(Create)
        .ToFrozenDictionary(consumer => consumer.Username, StringComparer.Ordinal);

    public override ValueTask<Consumer?> FindAsync(string username, CancellationToken cancellationToken) =>
        new(_consumers.GetValueOrDefault(username));

    private static Consumer Create(BasicAuthConsumerOptions options) => new(options.Name, options.Username, options.PasswordHash is { } hash
        ? ConsumerPassword.FromHash(hash)
        : ConsumerPassword.FromClear(options.Password!))
    {
        AllowedModels = options.AllowedModels?.AsReadOnly(),
    };
}
