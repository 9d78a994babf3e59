namespace OpenAi.Gateway;

/// <summary>
/// Splits an event stream into its events (WHATWG, "Server-sent events"), wherever its chunks break. An event that lies in one chunk is
/// given without a copy; of others, the part seen so far is kept in an array of the pool.
/// </summary>
/// <remarks>
/// A lone <c>\r</c> ends a line at once, since the byte behind it may be far away. When that byte turns out to be the <c>\n</c> of the same
/// line end, it is given as an event of its own, without data.
/// </remarks>
/// <param name="maxEventSize">
/// The most bytes that are kept of an unfinished event. A longer one is given in pieces, which have neither data nor name.
/// </param>
internal sealed class SseParser(int maxEventSize = SseParser.DefaultMaxEventSize) : IDisposable
{
    public const int DefaultMaxEventSize = 16 * 1024 * 1024;

    private const byte CarriageReturn = (byte)'\r';
    private const byte LineFeed = (byte)'\n';

    private readonly PooledBytes _begun = new();
    private readonly PooledBytes _joined = new();
    private bool _hasGivenBegun;
    private bool _isTooLong;
    private bool _isAtStreamStart = true;
    private bool _isAtLineStart = true;
    private bool _isAfterReturn;

    /// <summary>Reads the next event out of a chunk; <see langword="false"/> when the chunk is used up.</summary>
    /// <param name="input">What is left of the chunk; what was read is cut off.</param>
    /// <param name="found">The event.</param>
    public bool TryRead(ref ReadOnlySpan<byte> input, out SseEvent found)
    {
        ForgetGiven();
        found = default;
        if (input.IsEmpty)
        {
            return false;
        }

        var length = EndOfEvent(input);
        var isWhole = length >= 0;
        var bytes = isWhole ? input[..length] : input;
        input = input[bytes.Length..];
        if (_isTooLong)
        {
            found = new SseEvent(bytes, default, default);
            _isTooLong = !isWhole;
            return true;
        }

        if (isWhole && _begun.Length == 0)
        {
            found = Parse(bytes);
            return true;
        }

        _begun.Append(bytes);
        if (isWhole)
        {
            _hasGivenBegun = true;
            found = Parse(_begun.Span);
            return true;
        }

        if (_begun.Length > maxEventSize)
        {
            _isTooLong = true;
            _hasGivenBegun = true;
            _isAtStreamStart = false;
            found = new SseEvent(_begun.Span, default, default);
            return true;
        }

        return false;
    }

    /// <summary>Gives, at the stream's end, the event that lacks its blank line; <see langword="false"/> when there is none.</summary>
    public bool TryReadRest(out SseEvent last)
    {
        ForgetGiven();
        if (_begun.Length == 0)
        {
            last = default;
            return false;
        }

        _hasGivenBegun = true;
        last = Parse(_begun.Span);
        return true;
    }

    public void Dispose()
    {
        _begun.Dispose();
        _joined.Dispose();
    }

    private void ForgetGiven()
    {
        _joined.Clear();
        if (_hasGivenBegun)
        {
            _hasGivenBegun = false;
            _begun.Clear();
        }
    }

    // The length up to the end of the first blank line, or -1.
    private int EndOfEvent(ReadOnlySpan<byte> input)
    {
        var position = 0;
        if (_isAfterReturn)
        {
            _isAfterReturn = false;
            if (input[0] == LineFeed)
            {
                position = 1;
                if (_begun.Length == 0 && !_isTooLong)
                {
                    return position;
                }
            }
        }

        while (position < input.Length)
        {
            var line = input[position..].IndexOfAny(CarriageReturn, LineFeed);
            var isBlank = line == 0 && _isAtLineStart;
            _isAtLineStart = line >= 0;
            if (line < 0)
            {
                return -1;
            }

            position += line + 1;
            if (input[position - 1] == CarriageReturn)
            {
                _isAfterReturn = position == input.Length;
                position += !_isAfterReturn && input[position] == LineFeed ? 1 : 0;
            }

            if (isBlank)
            {
                return position;
            }
        }

        return -1;
    }

    private SseEvent Parse(ReadOnlySpan<byte> raw)
    {
        ReadOnlySpan<byte> data = default;
        ReadOnlySpan<byte> name = default;
        var hasData = false;
        var rest = raw;
        if (_isAtStreamStart)
        {
            _isAtStreamStart = false;
            rest = rest.StartsWith("\uFEFF"u8) ? rest[3..] : rest;
        }

        while (!rest.IsEmpty)
        {
            var end = rest.IndexOfAny(CarriageReturn, LineFeed);
            var line = end < 0 ? rest : rest[..end];
            rest = rest[(end < 0 ? rest.Length : end + 1)..];
            if (IsField(line, "data"u8, out var value))
            {
                data = hasData ? Join(data, value) : value;
                hasData = true;
            }
            else if (IsField(line, "event"u8, out value))
            {
                name = value;
            }
        }

        return new SseEvent(raw, data, name);
    }

    private ReadOnlySpan<byte> Join(ReadOnlySpan<byte> data, ReadOnlySpan<byte> line)
    {
        if (_joined.Length == 0)
        {
            _joined.Append(data);
        }

        _joined.Append("\n"u8);
        _joined.Append(line);
        return _joined.Span;
    }

    private static bool IsField(ReadOnlySpan<byte> line, ReadOnlySpan<byte> field, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (!line.StartsWith(field))
        {
            return false;
        }

        value = line[field.Length..];
        if (value is [(byte)':', ..])
        {
            value = value is [_, (byte)' ', ..] ? value[2..] : value[1..];
            return true;
        }

        // A line without a colon is a field without a value.
        return value.IsEmpty;
    }
}
