using System.Collections.Concurrent;

namespace OpenAi.Gateway;

/// <summary>
/// Entries in memory, bounded by what they take. They leave in the order in which they came, but one that was asked for meanwhile gets another turn.
/// So a new entry always finds room without a look at all the others, which among tens of thousands would cost more than an answer. Until it is asked
/// for it is bytes in a log, unless it is long, then an object from which each further request is answered.
/// </summary>
/// <param name="sizeLimit">The most that they may take, in bytes.</param>
/// <param name="time">What they expire by.</param>
internal sealed class EntryMemory(long sizeLimit, TimeProvider time)
{
    // So large that the garbage collector does not move it, and that most answers are no more than a quarter of it.
    private const int LargestSegment = 512 * 1024;

    private readonly Lock _changing = new();
    private readonly EntryLog _log = new((int)Math.Min(LargestSegment, sizeLimit / 8));
    private readonly ConcurrentDictionary<CacheKey, HeldEntry> _held = new();
    private readonly Queue<HeldEntry> _turns = new();
    private long _sizeOfHeld;

    /// <summary>How much memory the entries take, in bytes.</summary>
    public long Size
    {
        get
        {
            lock (_changing)
            {
                return _log.Size + _sizeOfHeld;
            }
        }
    }

    /// <summary>An entry that is there and has not expired.</summary>
    public HeldEntry? Get(CacheKey key)
    {
        if (!_held.TryGetValue(key, out var held))
        {
            held = TakeFromLog(key);
        }
        else if (!held.IsUsed)
        {
            held.IsUsed = true;
        }

        return held is null || held.IsExpired(time) ? null : held;
    }

    /// <summary>Holds an entry in place of one that has its key. One that is larger than the limit is not held.</summary>
    public void Hold(CacheKey key, byte[] entry, TimeSpan expiration)
    {
        var lifetime = new EntryLifetime(time.GetTimestamp(), expiration);
        var isLong = _log.IsTooLong(entry);

        // There are few long ones, and their bytes need not be copied. Read while nobody waits for that.
        var held = isLong ? Read(key, entry, lifetime) : null;
        lock (_changing)
        {
            Clear(key);
            if (isLong)
            {
                TryHold(held);
                return;
            }

            while (_log.Size + _sizeOfHeld + _log.SizeToAppend(entry) > sizeLimit)
            {
                GiveUpOldest();
            }

            _log.Append(key, entry, lifetime);
        }
    }

    public void Remove(CacheKey key)
    {
        lock (_changing)
        {
            Clear(key);
        }
    }

    // What is asked for is held as an object, in which each further request finds it read.
    private HeldEntry? TakeFromLog(CacheKey key)
    {
        lock (_changing)
        {
            if (_log.Take(key, out var lifetime) is not { } bytes)
            {
                return _held.GetValueOrDefault(key); // Another request may have taken it.
            }

            var held = lifetime.IsExpired(time) ? null : Read(key, bytes, lifetime);
            TryHold(held);
            return held;
        }
    }

    private static HeldEntry? Read(CacheKey key, byte[] bytes, EntryLifetime lifetime) =>
        CacheEntryFormat.Read(bytes) is { } entry ? new HeldEntry(key, entry, bytes.Length, lifetime) : null;

    private void TryHold(HeldEntry? held)
    {
        if (held is null || held.Size > sizeLimit)
        {
            return;
        }

        // Room is made first: entries that get another turn would go behind the new one in the queue, which could then have to leave at once.
        while (_log.Size + _sizeOfHeld + held.Size > sizeLimit)
        {
            GiveUpOldest();
        }

        _held[held.Key] = held;
        _sizeOfHeld += held.Size;
        Enqueue(held);
    }

    private void Enqueue(HeldEntry held)
    {
        held.Turn = _log.Newest;
        _turns.Enqueue(held);
    }

    // The place of one that was held stays in the queue, and is given up when its turn comes.
    private void Clear(CacheKey key)
    {
        _log.Remove(key);
        if (_held.TryRemove(key, out var held))
        {
            _sizeOfHeld -= held.Clear();
        }
    }

    private void GiveUpOldest()
    {
        if (!_turns.TryPeek(out var next) || next.Turn >= _log.Oldest)
        {
            _log.RemoveOldest();
            return;
        }

        _turns.Dequeue();
        if (next.IsUsed && !next.IsExpired(time))
        {
            next.IsUsed = false;
            Enqueue(next);
            return;
        }

        _held.TryRemove(KeyValuePair.Create(next.Key, next));
        _sizeOfHeld -= next.Size;
    }
}
