using System.Buffers.Binary;
using System.Text;

namespace OpenAi.Gateway;

/// <summary>Writes values as <see cref="BinaryReader"/> reads them, straight into the array that is kept.</summary>
internal ref struct EntryWriter(Span<byte> bytes)
{
    private Span<byte> _rest = bytes;

    /// <summary>How many bytes a text takes: its own, after their number in groups of seven bits.</summary>
    public static int LengthOf(string text)
    {
        var bytes = BytesOf(text);
        var length = bytes + 1;
        for (var number = bytes >> 7; number > 0; number >>= 7)
        {
            length++;
        }

        return length;
    }

    public void Write(byte value)
    {
        _rest[0] = value;
        _rest = _rest[1..];
    }

    public void Write(short value)
    {
        BinaryPrimitives.WriteInt16LittleEndian(_rest, value);
        _rest = _rest[sizeof(short)..];
    }

    public void Write(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_rest, value);
        _rest = _rest[sizeof(int)..];
    }

    public void Write(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_rest, value);
        _rest = _rest[sizeof(long)..];
    }

    public void Write(string text)
    {
        var number = (uint)BytesOf(text);
        for (; number > 0x7f; number >>= 7)
        {
            Write((byte)(number | 0x80));
        }

        Write((byte)number);
        _rest = _rest[Encoding.UTF8.GetBytes(text, _rest)..];
    }

    // Nearly all are ASCII.
    private static int BytesOf(string text) => Ascii.IsValid(text) ? text.Length : Encoding.UTF8.GetByteCount(text);
}
