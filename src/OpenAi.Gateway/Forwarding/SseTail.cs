using System.Buffers.Text;
using System.Runtime.CompilerServices;

namespace OpenAi.Gateway;

/// <summary>
/// Remembers the last bytes of an event stream, and whether the last event with a name is one that ends it: enough to know whether the stream stands
/// between two events and whether it is finished.
/// </summary>
/// <param name="isNamed">Whether names and numbers of events are looked for: chats and completions have none, and end with <c>[DONE]</c>.</param>
internal sealed class SseTail(bool isNamed)
{
    // Room for a line with the longest name that ends a stream, or for the member that numbers an event.
    private const int Size = 32;

    private Bytes _bytes;
    private int _length;
    private bool _isLast;

    /// <summary>Whether an event may be added here without joining one that was cut off.</summary>
    public bool IsBetweenEvents
    {
        get
        {
            var last = Last(_bytes, _length);
            return last.IsEmpty || last.EndsWith("\n\n"u8) || last.EndsWith("\r\n\r\n"u8) || last.EndsWith("\r\r"u8);
        }
    }

    /// <summary>
    /// Whether the last event was OpenAI's <c>[DONE]</c>, even if the blank line behind it is missing, or one that ends a stream of the responses
    /// API.
    /// </summary>
    public bool IsDone => (_isLast && IsBetweenEvents) || Last(_bytes, _length).TrimEnd("\r\n "u8).EndsWith("[DONE]"u8);

    /// <summary>Whether the stream has told that what was asked for failed.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>The number of the last event that has one.</summary>
    public long LastNumber { get; private set; }

    public void Append(ReadOnlySpan<byte> chunk)
    {
        if (isNamed)
        {
            ReadLines(chunk);
        }

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

    // A line may have come in several chunks.
    private void ReadLines(ReadOnlySpan<byte> chunk)
    {
        Span<byte> seam = stackalloc byte[1 + (2 * Size)];
        seam[0] = (byte)'\n';
        var before = Last(_bytes, _length);
        var beginning = chunk[..Math.Min(chunk.Length, Size)];
        before.CopyTo(seam[1..]);
        beginning.CopyTo(seam[(1 + before.Length)..]);

        // The line break in front is true only of a stream that is still whole in the buffer, where a line begins with its first byte.
        ReadLast(seam[(before.Length < Size ? 0 : 1)..(1 + before.Length + beginning.Length)]);
        ReadLast(chunk);
    }

    private void ReadLast(ReadOnlySpan<byte> text)
    {
        ReadLastName(text);
        ReadLastNumber(text);
    }

    // A line of data cannot hold a line break, so that it cannot be taken for a name.
    private void ReadLastName(ReadOnlySpan<byte> text)
    {
        if (text.LastIndexOf("\nevent:"u8) is var line and >= 0)
        {
            var name = text[(line + "\nevent:".Length)..];
            var end = name.IndexOfAny((byte)'\n', (byte)'\r');
            name = (end < 0 ? name : name[..end]).Trim((byte)' ');
            HasFailed = name.SequenceEqual("error"u8) || name.SequenceEqual("response.failed"u8);
            _isLast = HasFailed || name.SequenceEqual("response.completed"u8) || name.SequenceEqual("response.incomplete"u8);
        }
    }

    // Within a text of the data the quotes would be escaped, so that this is a member.
    private void ReadLastNumber(ReadOnlySpan<byte> text)
    {
        var member = text.LastIndexOf("\"sequence_number\":"u8);
        if (member >= 0 && Utf8Parser.TryParse(text[(member + "\"sequence_number\":".Length)..].TrimStart((byte)' '), out long number, out _))
        {
            LastNumber = number;
        }
    }

    [InlineArray(Size)]
    private struct Bytes
    {
        private byte _first;
    }
}
