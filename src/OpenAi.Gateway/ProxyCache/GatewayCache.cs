using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

/// <summary>The cache as requests use it. A store that fails, or hangs, is a miss.</summary>
internal sealed class GatewayCache(EntryStore store, TimeProvider time, ILogger logger)
{
    /// <summary>How long a request waits for the store. Once that was in vain, it waits for it no more.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Identical requests in flight, by key.</summary>
    public SingleFlight Flights { get; } = new();

    public ValueTask<CacheEntry?> GetAsync(GatewayRequest request, CacheKey key)
    {
        if (request.IsStoreHanging)
        {
            return default;
        }

        try
        {
            var getting = store.GetAsync(key);
            return getting.IsCompletedSuccessfully ? getting : WaitAsync(request, getting);
        }
        catch (Exception error)
        {
            ProxyCacheLog.StoreFailed(logger, error);
            return default;
        }
    }

    public Task SetAsync(GatewayRequest request, CacheKey key, CacheEntry entry, TimeSpan keepFor)
    {
        var setting = SetAsync(key, entry, keepFor);
        return request.IsStoreHanging ? Task.CompletedTask : setting;
    }

    /// <summary>Removes an entry; whether there was one, or <see langword="null"/> when the store failed and may still have it.</summary>
    public async ValueTask<bool?> RemoveAsync(GatewayRequest request, CacheKey key)
    {
        var existed = await GetAsync(request, key) is not null;
        try
        {
            await store.RemoveAsync(key).AsTask().WaitAsync(Patience, time);
            return existed;
        }
        catch (Exception error)
        {
            ProxyCacheLog.StoreFailed(logger, error);
            return null;
        }
    }

    // Never fails.
    private async Task SetAsync(CacheKey key, CacheEntry entry, TimeSpan keepFor)
    {
        try
        {
            var setting = store.SetAsync(key, entry, keepFor);
            await (setting.IsCompleted ? setting : new ValueTask(setting.AsTask().WaitAsync(Patience, time)));
        }
        catch (Exception error)
        {
            ProxyCacheLog.StoreFailed(logger, error);
        }
    }

    private async ValueTask<CacheEntry?> WaitAsync(GatewayRequest request, ValueTask<CacheEntry?> getting)
    {
        try
        {
            return await getting.AsTask().WaitAsync(Patience, time);
        }
        catch (Exception error)
        {
            request.IsStoreHanging = error is TimeoutException;
            ProxyCacheLog.StoreFailed(logger, error);
            return null;
        }
    }
}
