using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>What the bridge does with strings of a JSON text, which it copies as they were written.</summary>
internal static class JsonText
{
    /// <summary>A string without its quotes, still escaped: two of them side by side are the two texts side by side.</summary>
    public static ReadOnlySpan<byte> Inner(ReadOnlySpan<byte> json) => json[1..^1];

    /// <summary>Writes the members of an object, as they stand and each with a comma in front, but not those of some names.</summary>
    public static void CopyMembers(ReadOnlySpan<byte> json, ReadOnlySpan<byte[]> without, IBufferWriter<byte> output)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = (int)reader.TokenStartIndex;
            var isCopied = !IsOneOf(in reader, without);
            reader.Read();
            reader.Skip();
            if (isCopied)
            {
                output.Write(","u8);
                output.Write(json[start..(int)reader.BytesConsumed]);
            }
        }
    }

    /// <summary>Whether the name that was just read is one of these, however it is escaped.</summary>
    public static bool IsOneOf(ref readonly Utf8JsonReader json, ReadOnlySpan<byte[]> names)
    {
        foreach (var name in names)
        {
            if (json.ValueTextEquals(name))
            {
                return true;
            }
        }

        return false;
    }

    public static void WriteNumber(long number, IBufferWriter<byte> output)
    {
        number.TryFormat(output.GetSpan(20), out var written);
        output.Advance(written);
    }

    /// <summary>Counts the Unicode code points of an escaped text.</summary>
    public static int CodePoints(ReadOnlySpan<byte> escaped)
    {
        var count = 0;
        var rest = escaped;
        while (true)
        {
            var plain = rest.IndexOf((byte)'\\');
            foreach (var one in plain < 0 ? rest : rest[..plain])
            {
                // A byte that begins a code point; the others are 10xxxxxx.
                count += (one & 0xC0) != 0x80 ? 1 : 0;
            }

            if (plain < 0)
            {
                return count;
            }

            rest = rest[plain..];
            count++;
            rest = rest[EscapeLength(rest)..];
        }
    }

    // A code point above U+FFFF is escaped as two surrogates.
    private static int EscapeLength(ReadOnlySpan<byte> escape)
    {
        if (escape is not [_, (byte)'u', ..])
        {
            return 2;
        }

        return IsSurrogate(escape, 0xD800) && escape.Length >= 12 && escape[6..] is [(byte)'\\', (byte)'u', ..] && IsSurrogate(escape[6..], 0xDC00) ? 12 : 6;
    }

    private static bool IsSurrogate(ReadOnlySpan<byte> escape, uint first) =>
        Utf8Parser.TryParse(escape[2..6], out uint value, out _, 'x') && (value & 0xFC00) == first;
}
