using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

/// <summary>
/// Entries in a <see cref="HybridCache"/>, used in two ways only: get without create, and set. Its factory cannot choose not to store, loses
/// the ambient context and shares one failure among all callers. A store that fails, or hangs, is a miss.
/// </summary>
internal sealed class GatewayCache(HybridCache cache, TimeProvider time, ILogger<GatewayCache> logger)
{
    /// <summary>How long a request waits for the store.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly HybridCacheEntryOptions GetOnly = new() { Flags = HybridCacheEntryFlags.DisableUnderlyingData };

    // Its entries need not be read again each time.
    private readonly EmbeddedHybridCache? _embedded = cache as EmbeddedHybridCache;

    /// <summary>Identical requests in flight, by key.</summary>
    public SingleFlight Flights { get; } = new();

    public ValueTask<CacheEntry?> GetAsync(string key)
    {
        if (_embedded is not null && _embedded.TryGet(key, out var held))
        {
            return new(held.Entry ?? _embedded.Read(held));
        }

        if (_embedded is { IsMemoryOnly: true })
        {
            return default;
        }

        try
        {
            var getting = cache.GetOrCreateAsync<object?, byte[]?>(key, null, static (_, _) => default, GetOnly);
            return getting.IsCompletedSuccessfully ? new(Read(getting.Result)) : GetAsync(getting);
        }
        catch (Exception error)
        {
            ProxyCacheLog.StoreFailed(logger, error);
            return default;
        }
    }

    public ValueTask SetAsync(string key, CacheEntry entry, TimeSpan keepFor)
    {
        var bytes = entry.Stored ?? CacheEntryFormat.Write(entry);
        if (_embedded is not { IsMemoryOnly: true })
        {
            return SetAsync(key, bytes, keepFor);
        }

        // Only its bytes: most answers are never asked for again, and what was read of them would take more memory than they do.
        _embedded.Hold(key, bytes, keepFor);
        return default;
    }

    private async ValueTask SetAsync(string key, byte[] bytes, TimeSpan keepFor)
    {
        try
        {
            var options = new HybridCacheEntryOptions { Expiration = keepFor, LocalCacheExpiration = keepFor };
            await cache.SetAsync(key, bytes, options).AsTask().WaitAsync(Patience, time);
        }
        catch (Exception error)
        {
            ProxyCacheLog.StoreFailed(logger, error);
        }
    }

    /// <summary>Removes an entry; whether there was one, or <see langword="null"/> when the store failed and may still have it.</summary>
    public async ValueTask<bool?> RemoveAsync(string key)
    {
        var existed = await GetAsync(key) is not null;
        try
        {
            await cache.RemoveAsync(key).AsTask().WaitAsync(Patience, time);
            return existed;
        }
        catch (Exception error)
        {
            ProxyCacheLog.StoreFailed(logger, error);
            return null;
        }
    }

    private async ValueTask<CacheEntry?> GetAsync(ValueTask<byte[]?> getting)
    {
        try
        {
            return Read(await getting.AsTask().WaitAsync(Patience, time));
        }
        catch (Exception error)
        {
            ProxyCacheLog.StoreFailed(logger, error);
            return null;
        }
    }

    private static CacheEntry? Read(byte[]? bytes) => bytes is null ? null : CacheEntryFormat.Read(bytes);
}
