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
    private readonly Dictionary<int, EntrySegment> _segments = [];
    private EntrySegment? _spare;
    private int _filling;

    /// <summary>The number of the oldest segment; larger than <see cref="Newest"/> when there is none.</summary>
    public int Oldest { get; private set; } = 1;

    /// <summary>The number of the segment that was begun last.</summary>
    public int Newest { get; private set; }

    /// <summary>How much memory it takes, in bytes; a short entry that was removed counts until its segment goes.</summary>
    public long Size { get; private set; }

    /// <summary>How much more memory it takes with another entry.</summary>
    public long SizeToAppend(ReadOnlySpan<byte> entry) => SizeOfPlace + SizeToBegin(entry);

    /// <summary>Adds an entry, whose key must not be there.</summary>
    public void Append(CacheKey key, ReadOnlySpan<byte> entry, long heldAt, TimeSpan expiration)
    {
        var number = _filling;
        if (SizeToBegin(entry) is var size and > 0)
        {
            number = ++Newest;
            _segments.Add(number, Begin(size));
            Size += size;
            _filling = size == segmentSize ? number : _filling;
        }

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
        if (IsAlone(_segments[place.Segment].Size))
        {
            Remove(place.Segment);
        }
    }

    /// <summary>Gives up the oldest segment, with all entries in it.</summary>
    public void RemoveOldest()
    {
        var number = Oldest++;
        if (!_segments.TryGetValue(number, out var segment))
        {
            return; // It went with its only entry.
        }

        for (var start = 0; start < segment.End; start += EntrySegment.SizeOf(segment.EntryAt(start)))
        {
            var key = segment.KeyAt(start);
            if (_places.TryGetValue(key, out var place) && place.Segment == number && place.Start == start)
            {
                Remove(key);
            }
        }

        Remove(number);
    }

    private void Remove(int number)
    {
        if (_segments.Remove(number, out var segment))
        {
            Size -= segment.Size;
            _spare = IsAlone(segment.Size) ? _spare : segment;
        }
    }

    // A long entry has a segment of its own, so that little is left empty at the end of others.
    private bool IsAlone(int size) => size != segmentSize;

    // The size of the segment that another entry needs; 0 when it has room.
    private int SizeToBegin(ReadOnlySpan<byte> entry) => EntrySegment.SizeOf(entry) is var size && size > segmentSize / 4 ? size
        : _segments.TryGetValue(_filling, out var filling) && filling.HasRoomFor(entry) ? 0
        : segmentSize;

    private EntrySegment Begin(int size)
    {
        if (_spare is not { } spare || size != segmentSize)
        {
            return new EntrySegment(size);
        }

        _spare = null;
        spare.Clear();
        return spare;
    }
}
