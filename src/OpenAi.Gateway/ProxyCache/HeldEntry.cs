namespace OpenAi.Gateway;

/// <summary>One entry in memory: its bytes, and the entry once it was read from them.</summary>
/// <param name="key">Its key.</param>
/// <param name="bytes">What is stored.</param>
/// <param name="heldAt">Now, as a timestamp.</param>
/// <param name="expiration">How long it may be given.</param>
internal sealed class HeldEntry(CacheKey key, byte[] bytes, long heldAt, TimeSpan expiration)
{
    // The objects around key and bytes, with their places in a table and a queue.
    private const int Own = 256;

    private readonly long _heldAt = heldAt;
    private long _lookedAt = heldAt;

    public CacheKey Key => key;

    /// <summary>Empty once the entry has been removed.</summary>
    public byte[] Bytes { get; private set; } = bytes;

    public CacheEntry? Entry { get; private set; }

    /// <summary>How much memory it takes, in bytes.</summary>
    public long Size { get; private set; } = Own + bytes.Length;

    /// <summary>Whether it was asked for since its last turn.</summary>
    public bool IsUsed { get; set; }

    public bool IsExpired(TimeProvider time) => time.GetElapsedTime(_heldAt) >= expiration;

    /// <summary>Whether it was not compared with what others store for so long. Says so to one request, and begins that time anew.</summary>
    public bool TakeLook(TimeSpan after, TimeProvider time)
    {
        var (now, lookedAt) = (time.GetTimestamp(), Volatile.Read(ref _lookedAt));
        return time.GetElapsedTime(lookedAt, now) >= after && Interlocked.CompareExchange(ref _lookedAt, now, lookedAt) == lookedAt;
    }

    /// <summary>Keeps what was read from the bytes; gives how much more memory that takes.</summary>
    public long Keep(CacheEntry entry)
    {
        if (Entry is not null || Bytes.Length == 0)
        {
            return 0;
        }

        Entry = entry;
        Size += entry.SizeOfHead;
        return entry.SizeOfHead;
    }

    /// <summary>Lets go of everything but its place in the queue; gives how much memory that frees.</summary>
    public long Clear()
    {
        var freed = Size - Own;
        (Bytes, Entry, Size, IsUsed) = ([], null, Own, false);
        return freed;
    }
}
