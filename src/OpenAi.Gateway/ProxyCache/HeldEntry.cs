namespace OpenAi.Gateway;

/// <summary>An entry in memory that was asked for, or is long.</summary>
/// <param name="key">Its key.</param>
/// <param name="entry">What was read of its bytes.</param>
/// <param name="bytes">How many these are.</param>
/// <param name="lifetime">How long it may be given.</param>
internal sealed class HeldEntry(CacheKey key, CacheEntry entry, int bytes, EntryLifetime lifetime)
{
    // The objects around key and bytes, with their places in a table and a queue.
    private const int Own = 256;

    private long _lookedAt = lifetime.HeldAt;

    public CacheKey Key => key;

    /// <summary><see langword="null"/> once it has been removed.</summary>
    public CacheEntry? Entry { get; private set; } = entry;

    /// <summary>How much memory it takes, in bytes.</summary>
    public long Size { get; private set; } = Own + bytes + entry.SizeOfHead;

    /// <summary>Whether it was asked for since its last turn.</summary>
    public bool IsUsed { get; set; }

    /// <summary>Its turn comes with the log's segment of this number.</summary>
    public long Turn { get; set; }

    public bool IsExpired(TimeProvider time) => lifetime.IsExpired(time);

    /// <summary>Whether it was not compared with what others store for so long. Says so to one request, and begins that time anew.</summary>
    public bool TakeLook(TimeSpan after, TimeProvider time)
    {
        var (now, lookedAt) = (time.GetTimestamp(), Volatile.Read(ref _lookedAt));
        return time.GetElapsedTime(lookedAt, now) >= after && Interlocked.CompareExchange(ref _lookedAt, now, lookedAt) == lookedAt;
    }

    /// <summary>Lets go of everything but its place in the queue; gives how much memory that frees.</summary>
    public long Clear()
    {
        var freed = Size - Own;
        (Entry, Size, IsUsed) = (null, Own, false);
        return freed;
    }
}
