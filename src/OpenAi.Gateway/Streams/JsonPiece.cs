using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>Pieces of a JSON text, cut out as they stand there: what is not understood is not changed either.</summary>
internal static class JsonPiece
{
    /// <summary>The name at which the reader stands, escaped or not as it is written.</summary>
    public static string NameOf(in Utf8JsonReader json) => Encoding.UTF8.GetString(json.ValueSpan);

    /// <summary>The value at which the reader stands; leaves the reader at its end.</summary>
    /// <param name="json">The reader.</param>
    /// <param name="text">What it reads.</param>
    public static ReadOnlySpan<byte> ValueOf(scoped ref Utf8JsonReader json, ReadOnlySpan<byte> text)
    {
        var start = (int)json.TokenStartIndex;
        json.Skip();
        return text[start..(int)json.BytesConsumed];
    }

    /// <summary>A text as a JSON string, with its quotes.</summary>
    public static byte[] Quoted(string text) => [.. "\""u8, .. JsonEncodedText.Encode(text).EncodedUtf8Bytes, .. "\""u8];

    /// <summary>Writes a member behind a comma.</summary>
    public static void WriteMember(IBufferWriter<byte> writer, string name, ReadOnlySpan<byte> value)
    {
        writer.Write(",\""u8);
        writer.Write(Encoding.UTF8.GetBytes(name));
        writer.Write("\":"u8);
        writer.Write(value);
    }

    /// <exception cref="JsonException">The text is not what was expected.</exception>
    public static void Expect([DoesNotReturnIf(false)] bool isExpected)
    {
        if (!isExpected)
        {
            throw new JsonException("A member is missing, or of another kind than it should be.");
        }
    }
}
