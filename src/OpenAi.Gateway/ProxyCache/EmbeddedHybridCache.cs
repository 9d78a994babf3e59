using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

/// <summary>
/// The cache of an app that registers none: bytes in a memory cache of its own, bounded by their size, and behind it the app's
/// <see cref="IDistributedCache"/>, if it has one. A distributed cache that fails is left out.
/// </summary>
internal sealed class EmbeddedHybridCache(EntryMemory memory, IDistributedCache? distributed, ILogger<EmbeddedHybridCache> logger) : HybridCache
{
    // The second level does not tell how long an entry still lives; the entry itself knows how long it is fresh.
    private static readonly TimeSpan FromDistributed = TimeSpan.FromMinutes(1);

    public override ValueTask<T> GetOrCreateAsync<TState, T>(
        string key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        HybridCacheEntryOptions? options = null,
        IEnumerable<string>? tags = null,
        CancellationToken cancellationToken = default)
    {
        if (TryGet(key, out var held))
        {
            return new((T)(object)held.Bytes);
        }

        return distributed is null && options?.Flags?.HasFlag(HybridCacheEntryFlags.DisableUnderlyingData) == true
            ? default
            : GetSlowlyAsync(key, state, factory, options, cancellationToken);
    }

    /// <summary>Whether there is nothing behind the memory.</summary>
    public bool IsMemoryOnly => distributed is null;

    /// <summary>What the memory holds, with what has been read from it already.</summary>
    public bool TryGet(string key, [NotNullWhen(true)] out HeldEntry? held) => memory.TryGet(key, out held);

    /// <summary>Reads the entry from the bytes in memory; <see langword="null"/> when they are none, or had to go.</summary>
    public CacheEntry? Read(HeldEntry held)
    {
        var entry = CacheEntryFormat.Read(held.Bytes);
        if (entry is not null)
        {
            memory.Keep(held, entry);
        }

        return entry;
    }

    /// <summary>Holds bytes in memory.</summary>
    public void Hold(string key, byte[] bytes, TimeSpan expiration) => memory.Hold(key, bytes, expiration);

    public override async ValueTask SetAsync<T>(
        string key, T value, HybridCacheEntryOptions? options = null, IEnumerable<string>? tags = null, CancellationToken cancellationToken = default)
    {
        var bytes = AsBytes(value);
        var expiration = options?.Expiration ?? FromDistributed;
        Hold(key, bytes, options?.LocalCacheExpiration ?? expiration);
        if (distributed is not null)
        {
            try
            {
                await distributed.SetAsync(key, bytes, new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = expiration }, cancellationToken);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                ProxyCacheLog.StoreFailed(logger, error);
            }
        }
    }

    public override async ValueTask RemoveAsync(string key, CancellationToken cancellationToken = default)
    {
        memory.Remove(key);
        if (distributed is not null)
        {
            await distributed.RemoveAsync(key, cancellationToken);
        }
    }

    /// <exception cref="NotSupportedException">Always: the gateway uses no tags.</exception>
    public override ValueTask RemoveByTagAsync(string tag, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("The embedded cache has no tags. Register a HybridCache to use them.");

    private async ValueTask<T> GetSlowlyAsync<TState, T>(
        string key, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, HybridCacheEntryOptions? options, CancellationToken cancellationToken)
    {
        if (await GetDistributedAsync(key, cancellationToken) is { } bytes)
        {
            Hold(key, bytes, FromDistributed);
            return (T)(object)bytes;
        }

        if (options?.Flags?.HasFlag(HybridCacheEntryFlags.DisableUnderlyingData) == true)
        {
            return default!;
        }

        var value = await factory(state, cancellationToken);
        await SetAsync(key, value, options, null, cancellationToken);
        return value;
    }

    private async ValueTask<byte[]?> GetDistributedAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return distributed is null ? null : await distributed.GetAsync(key, cancellationToken);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            ProxyCacheLog.StoreFailed(logger, error);
            return null;
        }
    }

    private static byte[] AsBytes<T>(T value) => value as byte[]
        ?? throw new NotSupportedException("The embedded cache holds byte arrays only. Register a HybridCache for other types.");
}
