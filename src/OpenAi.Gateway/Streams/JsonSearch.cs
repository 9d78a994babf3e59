using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>Finds a member of a JSON text by a search for its name, without reading what stands before it.</summary>
internal static class JsonSearch
{
    /// <summary>The bytes that an escape of one letter takes at most: <c>\u</c> and four digits.</summary>
    public const int LongestEscape = 6;

    /// <summary>What may stand between two tokens.</summary>
    public static ReadOnlySpan<byte> Whitespace => " \t\r\n"u8;

    /// <summary>Whether a text begins as a JSON object or array does.</summary>
    public static bool LooksLikeJson(ReadOnlySpan<byte> text) => text.TrimStart(Whitespace) is [(byte)'{' or (byte)'[', ..];

    /// <summary>
    /// Where the value of the first such member begins, at whatever depth; -1 if there is none. A text cannot be taken for it: quotes
    /// inside a text are escaped.
    /// </summary>
    /// <param name="json">The JSON text.</param>
    /// <param name="quotedName">The name with its quotes.</param>
    /// <param name="nameStart">Where the name begins, its quote included.</param>
    public static int ValueOf(ReadOnlySpan<byte> json, ReadOnlySpan<byte> quotedName, out int nameStart)
    {
        nameStart = 0;
        while (true)
        {
            var found = json[nameStart..].IndexOf(quotedName);
            if (found < 0)
            {
                return -1;
            }

            nameStart += found;
            var afterName = nameStart + quotedName.Length;
            var colon = Skip(json, afterName);
            if (colon < json.Length && json[colon] == (byte)':' && (nameStart == 0 || json[nameStart - 1] != (byte)'\\'))
            {
                return Skip(json, colon + 1);
            }

            nameStart = afterName;
        }
    }

    /// <summary>The value of a member of an object itself, not of what it holds; empty if there is none, or it is <c>null</c>.</summary>
    public static ReadOnlySpan<byte> MemberOf(ReadOnlySpan<byte> json, ReadOnlySpan<byte> quotedName)
    {
        // Most texts do not have the name at all.
        if (ValueOf(json, quotedName, out _) < 0)
        {
            return default;
        }

        try
        {
            var reader = new Utf8JsonReader(json, AnswerReader.Options);
            var isObject = reader.Read() && reader.TokenType == JsonTokenType.StartObject;
            while (isObject && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isFound = reader.ValueTextEquals(quotedName[1..^1]);
                reader.Read();
                var value = JsonPiece.ValueOf(ref reader, json);
                if (isFound && !value.SequenceEqual("null"u8))
                {
                    return value;
                }
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // It is no JSON, or a name is no Unicode.
        }

        return default;
    }

    /// <summary>Where the text ends whose opening quote stands before this: at its closing quote; -1 when that is not here.</summary>
    public static int EndOfText(ReadOnlySpan<byte> text)
    {
        for (var from = 0; text[from..].IndexOf((byte)'"') is var found and >= 0;)
        {
            var quote = from + found;
            if (!EndsInsideEscape(text[..quote]))
            {
                return quote;
            }

            from = quote + 1;
        }

        return -1;
    }

    /// <summary>Whether a text's last backslash escapes what comes next, and is not escaped itself.</summary>
    public static bool EndsInsideEscape(ReadOnlySpan<byte> text) => (text.Length - text.TrimEnd((byte)'\\').Length) % 2 == 1;

    /// <summary>The first place from <paramref name="position"/> on that is not white space.</summary>
    public static int Skip(ReadOnlySpan<byte> json, int position)
    {
        while (position < json.Length && Whitespace.Contains(json[position]))
        {
            position++;
        }

        return position;
    }
}
