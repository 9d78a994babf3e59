using Microsoft.Extensions.Caching.Distributed;

namespace OpenAi.Gateway;

/// <summary>
/// The store of an app that registers no <c>HybridCache</c>: a memory of its own, bounded by what it takes, and behind it the app's
/// <see cref="IDistributedCache"/>, if it has one. A distributed cache that fails is left out.
/// </summary>
internal sealed class EmbeddedEntryStore(EntryMemory memory, IDistributedCache? distributed, TimeProvider time, StoreFailures failures) : EntryStore
{
    // How long memory answers without a look at the distributed cache, where other processes purge and renew.
    private static readonly TimeSpan Alone = TimeSpan.FromMinutes(1);

    public override string Name => distributed is null ? "memory" : $"memory and {distributed.GetType().Name}";

    public override ValueTask<CacheEntry?> GetAsync(CacheKey key)
    {
        var held = memory.Get(key);
        var entry = held?.Entry;
        return distributed is null || (entry is not null && entry.IsFresh(time.GetUtcNow()) && !held!.TakeLook(Alone, time))
            ? new(entry)
            : GetAsync(distributed, key, entry);
    }

    public override CacheEntry? InMemory(CacheKey key) => memory.Get(key)?.Entry;

    public override ValueTask SetAsync(CacheKey key, CacheEntry entry, TimeSpan keepFor)
    {
        // Memory holds only the bytes: most answers are never asked for again, and with the headers as objects an entry takes more.
        var bytes = CacheEntryFormat.BytesOf(entry);
        memory.Hold(key, bytes, keepFor);
        return distributed is null ? default : SetAsync(distributed, key, bytes, keepFor);
    }

    public override ValueTask RemoveAsync(CacheKey key)
    {
        memory.Remove(key);
        return distributed is null ? default : new(distributed.RemoveAsync(key.ToString()));
    }

    // While the distributed cache fails, memory answers alone.
    private async ValueTask<CacheEntry?> GetAsync(IDistributedCache second, CacheKey key, CacheEntry? inMemory)
    {
        try
        {
            if (await second.GetAsync(key.ToString()) is not { } bytes || CacheEntryFormat.Read(bytes) is not { } entry)
            {
                memory.Remove(key);
                return null;
            }

            if (entry.StoredAt != inMemory?.StoredAt)
            {
                memory.Hold(key, bytes, Alone); // The distributed cache does not tell how long it keeps an entry.
            }

            return entry;
        }
        catch (Exception error)
        {
            failures.Add(error);
            return inMemory;
        }
    }

    private async ValueTask SetAsync(IDistributedCache second, CacheKey key, byte[] bytes, TimeSpan keepFor)
    {
        try
        {
            await second.SetAsync(key.ToString(), bytes, new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = keepFor });
        }
        catch (Exception error)
        {
            failures.Add(error);
        }
    }
}
