using System.Collections.Concurrent;
using Microsoft.Extensions.Caching.Hybrid;

namespace OpenAi.Gateway.Tests.Routing;

/// <summary>An app's own cache.</summary>
internal sealed class FakeHybridCache : HybridCache
{
    public ConcurrentDictionary<string, object?> Entries { get; } = new();

    public override async ValueTask<T> GetOrCreateAsync<TState, T>(
        string key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        HybridCacheEntryOptions? options = null,
        IEnumerable<string>? tags = null,
        CancellationToken cancellationToken = default)
    {
        if (Entries.TryGetValue(key, out var entry))
        {
            return (T)entry!;
        }

        if (options?.Flags?.HasFlag(HybridCacheEntryFlags.DisableUnderlyingData) == true)
        {
            return default!;
        }

        var created = await factory(state, cancellationToken);
        Entries[key] = created;
        return created;
    }

    public override ValueTask SetAsync<T>(
        string key, T value, HybridCacheEntryOptions? options = null, IEnumerable<string>? tags = null, CancellationToken cancellationToken = default)
    {
        Entries[key] = value;
        return ValueTask.CompletedTask;
    }

    public override ValueTask RemoveAsync(string key, CancellationToken cancellationToken = default)
    {
        Entries.TryRemove(key, out _);
        return ValueTask.CompletedTask;
    }

    public override ValueTask RemoveByTagAsync(string tag, CancellationToken cancellationToken = default) => throw new NotSupportedException();
}
