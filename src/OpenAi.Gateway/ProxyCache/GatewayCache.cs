namespace OpenAi.Gateway;

/// <summary>The cache as requests use it. A store that fails, or hangs, is a miss.</summary>
internal sealed class GatewayCache(EntryStore store, TimeProvider time, StoreFailures failures)
{
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
            return getting.IsCompletedSuccessfully ? getting : WaitAsync(request, key, getting);
        }
        catch (Exception error)
        {
            failures.Add(error);
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
            await store.RemoveAsync(key).WithPatience(time);
            return existed;
        }
        catch (Exception error)
        {
            failures.Add(error);
            return null;
        }
    }

    // Never fails.
    private async Task SetAsync(CacheKey key, CacheEntry entry, TimeSpan keepFor)
    {
        try
        {
            await store.SetAsync(key, entry, keepFor).WithPatience(time);
        }
        catch (Exception error)
        {
            failures.Add(error);
        }
    }

    private async ValueTask<CacheEntry?> WaitAsync(GatewayRequest request, CacheKey key, ValueTask<CacheEntry?> getting)
    {
        try
        {
            return await getting.WithPatience(time);
        }
        catch (Exception error)
        {
            request.IsStoreHanging = error is TimeoutException;
            failures.Add(error);
            return request.IsStoreHanging ? store.InMemory(key) : null;
        }
    }
}
