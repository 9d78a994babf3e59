using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace OpenAi.Gateway;

/// <summary>
/// Entries in memory, bounded by what they take. They leave in the order in which they came, but one that was asked for meanwhile gets another turn.
/// So a new entry always finds room without a look at all the others, which among tens of thousands would cost more than an answer.
/// </summary>
/// <param name="sizeLimit">The most that they may take, in bytes.</param>
/// <param name="time">What they expire by.</param>
internal sealed class EntryMemory(long sizeLimit, TimeProvider time)
{
    private readonly ConcurrentDictionary<CacheKey, HeldEntry> _entries = new();
    private readonly Lock _changing = new();
    private readonly Queue<HeldEntry> _turns = new();
    private long _size;

    /// <summary>How much memory the entries take, in bytes.</summary>
    public long Size => Volatile.Read(ref _size);

    public bool TryGet(CacheKey key, [NotNullWhen(true)] out HeldEntry? held)
    {
        if (!_entries.TryGetValue(key, out held) || held.IsExpired(time))
        {
            held = null;
            return false;
        }

        if (!held.IsUsed)
        {
            held.IsUsed = true;
        }

        return true;
    }

    /// <summary>Holds an entry in place of one that has its key. One that is larger than the limit is not held.</summary>
    public void Hold(CacheKey key, byte[] bytes, TimeSpan expiration)
    {
        var held = new HeldEntry(key, bytes, time.GetTimestamp(), expiration);
        lock (_changing)
        {
            Clear(key);
            if (held.Size > sizeLimit)
            {
                return;
            }

            // Room is made first: entries that get another turn would go behind the new one in the queue, which could then have to leave at once.
            MakeRoom(held.Size);
            _entries[key] = held;
            _turns.Enqueue(held);
            _size += held.Size;
        }
    }

    /// <summary>Keeps with an entry what was read from its bytes.</summary>
    public void Keep(HeldEntry held, CacheEntry entry)
    {
        lock (_changing)
        {
            _size += held.Keep(entry);
            MakeRoom(0);
        }
    }

    public void Remove(CacheKey key)
    {
        lock (_changing)
        {
            Clear(key);
        }
    }

    // Its place in the queue stays, and is given up when its turn comes.
    private void Clear(CacheKey key)
    {
        if (_entries.TryRemove(key, out var held))
        {
            _size -= held.Clear();
        }
    }

    private void MakeRoom(long size)
    {
        while (_size > sizeLimit - size)
        {
            TakeTurn();
        }
    }

    private void TakeTurn()
    {
        var next = _turns.Dequeue();
        if (next.IsUsed && !next.IsExpired(time))
        {
            next.IsUsed = false;
            _turns.Enqueue(next);
            return;
        }

        _entries.TryRemove(KeyValuePair.Create(next.Key, next));
        _size -= next.Size;

        // A request that still has the entry may call Keep: without its bytes that adds nothing to the size.
        next.Clear();
    }
}
