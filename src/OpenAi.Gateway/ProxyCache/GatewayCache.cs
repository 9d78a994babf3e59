namespace OpenAi.Gateway;

/// <summary>The cache as requests use it. A store that fails, or hangs, is a miss.</summary>
internal sealed class GatewayCache(EntryStore store, TimeProvider time, StoreFailures failures)
{
    private readonly StorePatience _patience = new(time);

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

    /// <summary>Stores an entry, for which the request waits a moment at most: the client may have its answer already.</summary>
    public async ValueTask SetAsync(GatewayRequest request, CacheKey key, CacheEntry entry, TimeSpan keepFor)
    {
        var setting = SetAsync(key, entry, keepFor);
        if (!request.IsStoreHanging)
        {
            await _patience.WaitMomentAsync(setting);
        }
    }

    /// <summary>Removes an entry; whether there was one, or <see langword="null"/> when the store failed and may still have it.</summary>
    public async ValueTask<bool?> RemoveAsync(GatewayRequest request, CacheKey key)
    {
        var existed = await GetAsync(request, key) is not null;
        var removing = RemoveAsync(key);
        return !request.IsStoreHanging && await removing ? existed : null;
    }

    // Never fails; whether the store has done it.
    private async Task<bool> RemoveAsync(CacheKey key)
    {
        try
        {
            await _patience.WaitAsync(store.RemoveAsync(key));
            return true;
        }
        catch (Exception error)
        {
            failures.Add(error);
            return false;
        }
    }

    // Never fails; whether the store has taken it.
    private async Task<bool> SetAsync(CacheKey key, CacheEntry entry, TimeSpan keepFor)
    {
        try
        {
            await _patience.WaitAsync(store.SetAsync(key, entry, keepFor));
            return true;
        }
        catch (Exception error)
        {
            failures.Add(error);
            return false;
        }
    }

    private async ValueTask<CacheEntry?> WaitAsync(GatewayRequest request, CacheKey key, ValueTask<CacheEntry?> getting)
    {
        try
        {
            return await _patience.WaitAsync(getting);
        }
        catch (Exception error)
        {
            request.IsStoreHanging = error is TimeoutException;
            failures.Add(error);
            return request.IsStoreHanging ? store.InMemory(key) : null;
        }
    }
}
