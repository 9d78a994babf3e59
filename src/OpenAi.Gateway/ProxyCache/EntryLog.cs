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

    // A table of so many places stays as it is.
    private const int FewPlaces = 1_000;

    private readonly Dictionary<CacheKey, EntryPlace> _places = [];
    private readonly Dictionary<long, EntrySegment> _segments = [];
    private EntrySegment? _spare;

    /// <summary>The number of the oldest segment; larger than <see cref="Newest"/> when there is none.</summary>
    public long Oldest { get; private set; } = 1;

    /// <summary>The number of the segment that is being filled.</summary>
    public long Newest { get; private set; }

    /// <summary>How much memory it takes, in bytes.</summary>
    public long Size { get; private set; }

    /// <summary>Whether an entry is too long for the log, as much would be left empty at the end of segments.</summary>
    public bool IsTooLong(ReadOnlySpan<byte> entry) => EntrySegment.SizeOf(entry) > segmentSize / 4;

    /// <summary>How much more memory it takes with another entry.</summary>
    public int SizeToAppend(ReadOnlySpan<byte> entry) => SizeOfPlace + (HasRoomFor(entry) ? 0 : segmentSize);

    /// <summary>Adds an entry that is not too long, whose key must not be there.</summary>
    public void Append(CacheKey key, ReadOnlySpan<byte> entry, EntryLifetime lifetime)
    {
        if (!HasRoomFor(entry))
        {
            AddSegment(++Newest, _spare ?? new EntrySegment(segmentSize));
            _spare = null;
            Shrink(Newest - 1);
        }

        _places.Add(key, new EntryPlace(Newest, _segments[Newest].Append(key, entry), lifetime));
        Size += SizeOfPlace;
    }

    /// <summary>Takes an entry out; gives a copy of its bytes, or <see langword="null"/> when it is not there.</summary>
    public byte[]? Take(CacheKey key, out EntryLifetime lifetime)
    {
        if (!_places.TryGetValue(key, out var place))
        {
            lifetime = default;
            return null;
        }

        lifetime = place.Lifetime;
        var entry = _segments[place.Segment].EntryAt(place.Start).ToArray();
        Remove(key);
        return entry;
    }

    public void Remove(CacheKey key)
    {
        if (_places.Remove(key, out var place))
        {
            Size -= SizeOfPlace;
            _segments[place.Segment].Remove(place.Start);
            Shrink(place.Segment);
            Trim();
        }
    }

    /// <summary>Gives up the oldest segment, with all entries in it.</summary>
    public void RemoveOldest()
    {
        foreach (var (key, _) in EntriesOf(Oldest))
        {
            _places.Remove(key);
            Size -= SizeOfPlace;
        }

        RemoveSegment(Oldest++);
        Trim();
    }

    private bool HasRoomFor(ReadOnlySpan<byte> entry) => _segments.TryGetValue(Newest, out var segment) && segment.HasRoomFor(entry);

    private void AddSegment(long number, EntrySegment segment)
    {
        _segments.Add(number, segment);
        Size += segment.Size;
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
        if (number == Newest || !_segments.TryGetValue(number, out var segment) || segment.SizeInUse >= segment.Size / 2)
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
            AddSegment(number, smaller);
        }
    }

    // The table would stay as large as it was at most, which takes a fifth more than what is counted when long entries follow short ones.
    private void Trim()
    {
        if (_places.Capacity > FewPlaces && _places.Count < _places.Capacity / 4)
        {
            _places.TrimExcess(_places.Count * 2);
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
            // A key that was removed, or came again later, stands there still.
            var key = segment.KeyAt(start);
            if (_places.TryGetValue(key, out var place) && place.Segment == number && place.Start == start)
            {
                yield return (key, place);
            }
        }
    }
}
