namespace OpenAi.Gateway;

/// <summary>Remembers the last bytes of an event stream: enough to know whether it stands between two events and whether it was finished.</summary>
internal struct SseTail
{
    private const int Size = 16;

    private Bytes _bytes;
    private int _length;

    /// <summary>Whether an event may be added here without joining one that was cut off.</summary>
    public readonly bool IsBetweenEvents
    {
        get
        {
            var last = Last(_bytes, _length);
            return last.IsEmpty || last.EndsWith("\n\n"u8) || last.EndsWith("\r\n\r\n"u8) || last.EndsWith("\r\r"u8);
        }
    }

    /// <summary>Whether the last event was OpenAI's <c>[DONE]</c>; the blank line behind it may be missing.</summary>
    public readonly bool IsDone => Last(_bytes, _length).TrimEnd("\r\n "u8).EndsWith("[DONE]"u8);

    public void Append(ReadOnlySpan<byte> chunk)
    {
        Span<byte> bytes = _bytes;
        if (chunk.Length >= Size)
        {
            chunk[^Size..].CopyTo(bytes);
            _length = Size;
            return;
        }

        var keep = Math.Min(_length, Size - chunk.Length);
        bytes[(_length - keep).._length].CopyTo(bytes);
        chunk.CopyTo(bytes[keep..]);
        _length = keep + chunk.Length;
    }

    private static ReadOnlySpan<byte> Last(in Bytes bytes, int length) => ((ReadOnlySpan<byte>)bytes)[..length];

    [System.Runtime.CompilerServices.InlineArray(Size)]
    private struct Bytes
    {
        private byte _first;
    }
}
