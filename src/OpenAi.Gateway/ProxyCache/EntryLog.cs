namespace OpenAi.Gateway;

/// <summary>
/// Entries that nobody has asked for yet, which most never are: bytes in segments, in the order in which they came, and a table that finds them. To the
/// garbage collector a hundred thousand of them are some hundred objects, without references in them. No memory of a segment
/// leaves the log, so that it can be written again. Not for several threads at once.
/// </summary>
/// <param name="segmentSize">The size of a segment, in bytes.</param>
internal sealed class EntryLog(int segmentSize)
{
    // What an entry takes in the table.
    private const int SizeOfPlace = 128;

    private readonly Dictionary<CacheKey, EntryPlace> _places = [];
    private readonly Dictionary<long, EntrySegment> _segments = [];
    private EntrySegment? _spare;
    private long _filling;

    /// <summary>The number of the oldest segment; larger than <see cref="Newest"/> when there is none.</summary>
    public long Oldest { get; private set; } = 1;

    /// <summary>The number of the segment that was begun last.</summary>
    public long Newest { get; private set; }

    /// <summary>How much memory it takes, in bytes.</summary>
    public long Size { get; private set; }

    /// <summary>How much more memory it takes with another entry.</summary>
    public long SizeToAppend(ReadOnlySpan<byte> entry) => SizeOfPlace + SizeToBegin(entry);

    /// <summary>Adds an entry, whose key must not be there.</summary>
    public void Append(CacheKey key, ReadOnlySpan<byte> entry, long heldAt, TimeSpan expiration)
    {
        var number = SizeToBegin(entry) is var size and > 0 ? Begin(size) : _filling;
        _places.Add(key, new EntryPlace(number, _segments[number].Append(key, entry), heldAt, expiration));
        Size += SizeOfPlace;
    }

    /// <summary>Takes an entry out; gives a copy of its bytes, or <see langword="null"/> when it is not there.</summary>
    public byte[]? Take(CacheKey key, out EntryPlace place)
    {
        if (!_places.TryGetValue(key, out place))
        {
            return null;
        }

        var entry = _segments[place.Segment].EntryAt(place.Start).ToArray();
        Remove(key);
        return entry;
    }

    public void Remove(CacheKey key)
    {
        if (!_places.Remove(key, out var place))
        {
            return;
        }

        Size -= SizeOfPlace;
        _segments[place.Segment].Remove(place.Start);
        Shrink(place.Segment);
    }

    /// <summary>Gives up the oldest segment, with all entries in it.</summary>
    public void RemoveOldest()
    {
        foreach (var (key, _) in EntriesOf(Oldest))
        {
            _places.Remove(key);
            Size -= SizeOfPlace;
        }

        RemoveSegment(Oldest);
        Oldest++;
    }

    private void RemoveSegment(long number)
    {
        if (!_segments.Remove(number, out var segment))
        {
            return;
        }

        Size -= segment.Size;
        if (segment.Size == segmentSize)
        {
            segment.Clear();
            _spare = segment;
        }
    }

    // What was taken out of a segment would take its room until the segment's turn.
    private void Shrink(long number)
    {
        if (!_segments.TryGetValue(number, out var segment) || number == _filling || segment.SizeInUse >= segment.Size / 2)
        {
            return;
        }

        var smaller = new EntrySegment(segment.SizeInUse);
        foreach (var (key, place) in EntriesOf(number))
        {
            _places[key] = place with { Start = smaller.Append(key, segment.EntryAt(place.Start)) };
        }

        RemoveSegment(number);
        if (smaller.Size > 0)
        {
            _segments.Add(number, smaller);
            Size += smaller.Size;
        }
    }

    private IEnumerable<(CacheKey Key, EntryPlace Place)> EntriesOf(long number)
    {
        if (!_segments.TryGetValue(number, out var segment))
        {
            yield break; // All of its entries were taken out.
        }

        for (var start = 0; start < segment.End; start = segment.EndOf(start))
        {
            var key = segment.KeyAt(start);
            if (_places.TryGetValue(key, out var place) && place.Segment == number && place.Start == start)
            {
                yield return (key, place);
            }
        }
    }

    // The size of the segment that another entry needs; 0 when it has room. A long one has a segment of its own, so that little is left empty at the end of others.
    private int SizeToBegin(ReadOnlySpan<byte> entry) => EntrySegment.SizeOf(entry) is var size && size > segmentSize / 4 ? size
        : _segments.TryGetValue(_filling, out var filling) && filling.HasRoomFor(entry) ? 0
        : segmentSize;

    private long Begin(int size)
    {
        var number = ++Newest;
        _segments.Add(number, size == segmentSize && _spare is { } spare ? spare : new EntrySegment(size));
        Size += size;
        if (size == segmentSize)
        {
            _spare = null;
            (var full, _filling) = (_filling, number);
            Shrink(full);
        }

        return number;
    }
}
