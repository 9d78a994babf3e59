using Microsoft.Extensions.Caching.Hybrid;

namespace OpenAi.Gateway;

/// <summary>
/// Entries in the app's <see cref="HybridCache"/>, used in two ways only: get without create, and set. Its factory cannot choose not to store,
/// loses the ambient context and shares one failure among all callers.
/// </summary>
internal sealed class HybridEntryStore(HybridCache cache, TimeProvider time) : EntryStore
{
    private static readonly HybridCacheEntryOptions GetOnly = new() { Flags = HybridCacheEntryFlags.DisableUnderlyingData };

    private static readonly HybridCacheEntryOptions GetInMemory = new()
    {
        Flags = HybridCacheEntryFlags.DisableUnderlyingData | HybridCacheEntryFlags.DisableDistributedCache,
    };

    private static readonly HybridCacheEntryOptions GetPastMemory = new()
    {
        Flags = HybridCacheEntryFlags.DisableUnderlyingData | HybridCacheEntryFlags.DisableLocalCacheRead,
    };

    public override string Name => cache.GetType().Name;

    public override async ValueTask<CacheEntry?> GetAsync(CacheKey key)
    {
        var text = key.ToString();
        var entry = await GetAsync(text, GetOnly);

        // One whose time is over may lie in this process's memory alone, while another process has renewed it in a second level.
        return entry is null || entry.IsFresh(time.GetUtcNow()) ? entry : await GetAsync(text, GetPastMemory) ?? entry;
    }

    public override CacheEntry? InMemory(CacheKey key)
    {
        var getting = GetAsync(key.ToString(), GetInMemory);
        return getting.IsCompletedSuccessfully ? getting.Result : null;
    }

    public override ValueTask SetAsync(CacheKey key, CacheEntry entry, TimeSpan keepFor) =>
        cache.SetAsync(key.ToString(), CacheEntryFormat.BytesOf(entry), new HybridCacheEntryOptions { Expiration = keepFor, LocalCacheExpiration = keepFor });

    public override ValueTask RemoveAsync(CacheKey key) => cache.RemoveAsync(key.ToString());

    private async ValueTask<CacheEntry?> GetAsync(string key, HybridCacheEntryOptions options) =>
        await cache.GetOrCreateAsync<object?, byte[]?>(key, null, static (_, _) => default, options) is { } bytes ? CacheEntryFormat.Read(bytes) : null;
}
