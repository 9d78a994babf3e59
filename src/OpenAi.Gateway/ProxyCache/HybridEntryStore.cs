using Microsoft.Extensions.Caching.Hybrid;

namespace OpenAi.Gateway;

/// <summary>
/// Entries in the app's <see cref="HybridCache"/>, used in two ways only: get without create, and set. Its factory cannot choose not to store,
/// loses the ambient context and shares one failure among all callers.
/// </summary>
internal sealed class HybridEntryStore(HybridCache cache) : EntryStore
{
    private static readonly HybridCacheEntryOptions GetOnly = new() { Flags = HybridCacheEntryFlags.DisableUnderlyingData };

    public override string Name => cache.GetType().Name;

    public override async ValueTask<CacheEntry?> GetAsync(CacheKey key) =>
        await cache.GetOrCreateAsync<object?, byte[]?>(key.ToString(), null, static (_, _) => default, GetOnly) is { } bytes
            ? CacheEntryFormat.Read(bytes)
            : null;

    public override ValueTask SetAsync(CacheKey key, CacheEntry entry, TimeSpan keepFor) =>
        cache.SetAsync(key.ToString(), CacheEntryFormat.BytesOf(entry), new HybridCacheEntryOptions { Expiration = keepFor, LocalCacheExpiration = keepFor });

    public override ValueTask RemoveAsync(CacheKey key) => cache.RemoveAsync(key.ToString());
}
