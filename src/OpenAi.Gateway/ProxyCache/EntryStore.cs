namespace OpenAi.Gateway;

/// <summary>Where entries are stored. Whatever it throws, a request goes on without it.</summary>
internal abstract class EntryStore
{
    /// <summary>What the log calls the store.</summary>
    public abstract string Name { get; }

    /// <summary>The entry, or <see langword="null"/> when there is none.</summary>
    public abstract ValueTask<CacheEntry?> GetAsync(CacheKey key);

    /// <summary>What can be had at once, without a store outside the process.</summary>
    public abstract CacheEntry? InMemory(CacheKey key);

    public abstract ValueTask SetAsync(CacheKey key, CacheEntry entry, TimeSpan keepFor);

    public abstract ValueTask RemoveAsync(CacheKey key);
}
