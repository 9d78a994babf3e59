using System.Buffers;
using Microsoft.Extensions.Primitives;

namespace OpenAi.Gateway;

/// <summary>
/// An event stream that one request brings and others read from its first event on, each at its own pace. The leader never waits for them;
/// when its own client leaves, it goes on as long as one of the others wants the answer.
/// </summary>
/// <remarks>
/// It holds the bytes up to <paramref name="maxSize"/>. Of a longer stream, which is not stored either, it only holds what its slowest reader still
/// has to read: nobody can join any more, and who is further behind than that is given up.
/// </remarks>
internal sealed class SharedStream(int status, KeyValuePair<string, StringValues>[] headers, int maxSize, Action abandon)
{
    private const int SegmentSize = 4096;

    private readonly Lock _lock = new();
    private readonly List<SharedStreamReader> _readers = [];
    private StreamSegment? _first;
    private StreamSegment? _last;
    private int _holders = 1;
    private bool _isAbandoned;
    private volatile bool _isLeaderGone;

    public int Status => status;

    public KeyValuePair<string, StringValues>[] Headers => headers;

    public long Length { get; private set; }

    public StreamEnd End { get; private set; }

    /// <summary>Whether the answer has become too long to be stored.</summary>
    public bool IsTooLong => Length > maxSize;

    /// <summary>Whether the stream only goes on for its readers.</summary>
    public bool IsLeaderGone => _isLeaderGone;

    /// <summary>Begins to read; <see langword="null"/> when it is too late for that.</summary>
    public SharedStreamReader? TryJoin()
    {
        lock (_lock)
        {
            if (_isAbandoned || _holders == 0 || IsTooLong || End > StreamEnd.Clean)
            {
                return null;
            }

            _first ??= _last = NewSegment();
            var reader = new SharedStreamReader(this, _lock, _first);
            _readers.Add(reader);
            _holders++;
            return reader;
        }
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return; // A reader that woke would begin its answer, and could no longer try something else when the stream breaks.
        }

        lock (_lock)
        {
            Length += bytes.Length;
            if (IsTooLong && _holders == 1)
            {
                GiveBack();
                return;
            }

            while (!bytes.IsEmpty)
            {
                if (_last is null || _last.Length == _last.Bytes.Length)
                {
                    var added = NewSegment();
                    _last = _last is null ? _first = added : _last.Next = added;
                }

                var piece = bytes[..Math.Min(bytes.Length, _last.Bytes.Length - _last.Length)];
                piece.CopyTo(_last.Bytes.AsSpan(_last.Length));
                _last.Length += piece.Length;
                bytes = bytes[piece.Length..];
            }

            if (IsTooLong)
            {
                // From now on pieces go to the garbage collector, not to the pool: nobody counts who still reads which of them.
                _first = null;
            }

            foreach (var reader in _readers)
            {
                if (Length - reader.Position > maxSize)
                {
                    reader.Lose();
                }
                else
                {
                    reader.Wake();
                }
            }
        }
    }

    /// <summary>Says how the stream ended; only the first call counts.</summary>
    public void EndAs(StreamEnd end)
    {
        lock (_lock)
        {
            if (End == StreamEnd.None)
            {
                End = end;
                foreach (var reader in _readers)
                {
                    reader.Wake();
                }
            }
        }
    }

    /// <summary>Notes that the leader's client has gone; gives whether the stream goes on for others.</summary>
    public bool LeaderLeft()
    {
        lock (_lock)
        {
            _isLeaderGone = true;
            _isAbandoned |= _readers.Count == 0;
            return !_isAbandoned;
        }
    }

    /// <summary>Copies the whole stream; only while it is not too long, and by its leader.</summary>
    public void CopyTo(Span<byte> target)
    {
        for (var segment = _first; segment is not null; segment = segment.Next)
        {
            segment.Bytes.AsSpan(0, segment.Length).CopyTo(target);
            target = target[segment.Length..];
        }
    }

    /// <summary>The reader wants no more.</summary>
    public void Leave(SharedStreamReader reader)
    {
        bool isLast;
        lock (_lock)
        {
            isLast = _readers.Remove(reader) && _readers.Count == 0 && _isLeaderGone && End == StreamEnd.None;
            _isAbandoned |= isLast;
        }

        if (isLast)
        {
            abandon();
        }
    }

    /// <summary>Called once by the leader and by each reader, when they no longer use the bytes.</summary>
    public void Release()
    {
        lock (_lock)
        {
            if (--_holders == 0)
            {
                GiveBack();
            }
        }
    }

    private void GiveBack()
    {
        for (var segment = _first; segment is not null; segment = segment.Next)
        {
            ArrayPool<byte>.Shared.Return(segment.Bytes);
        }

        _first = _last = null;
    }

    private static StreamSegment NewSegment() => new(ArrayPool<byte>.Shared.Rent(SegmentSize));
}
