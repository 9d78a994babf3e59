using System.Collections.Concurrent;
using Microsoft.Extensions.Caching.Distributed;

namespace OpenAi.Gateway.Tests.ProxyCache;

/// <summary>Stands in for Redis: it knows bytes only, and can be down.</summary>
internal sealed class FakeDistributedCache : IDistributedCache
{
    private int _gets;

    public ConcurrentDictionary<string, byte[]> Entries { get; } = new();

    public int Gets => _gets;

    public DistributedCacheEntryOptions? LastOptions { get; private set; }

    public bool Throws { get; set; }

    public bool Hangs { get; set; }

    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default)
    {
        await FailAsync();
        Interlocked.Increment(ref _gets);
        return Entries.GetValueOrDefault(key)?.ToArray();
    }

    public async Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        await FailAsync();
        LastOptions = options;
        Entries[key] = value.ToArray();
    }

    public async Task RemoveAsync(string key, CancellationToken token = default)
    {
        await FailAsync();
        Entries.TryRemove(key, out _);
    }

    public byte[]? Get(string key) => throw new NotSupportedException("Nothing may block a thread.");

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => throw new NotSupportedException("Nothing may block a thread.");

    public void Refresh(string key) => throw new NotSupportedException("Nothing may block a thread.");

    public void Remove(string key) => throw new NotSupportedException("Nothing may block a thread.");

    public Task RefreshAsync(string key, CancellationToken token = default) => Task.CompletedTask;

    private async Task FailAsync()
    {
        await Task.Yield();
        if (Throws)
        {
            throw new IOException("The distributed cache is down.");
        }

        if (Hangs)
        {
            await new TaskCompletionSource().Task;
        }
    }
}
