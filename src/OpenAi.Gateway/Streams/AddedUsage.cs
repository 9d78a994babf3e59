using System.Buffers;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>What <c>stream_options.include_usage</c> adds to an event: nothing, a member that says null, or the whole event.</summary>
/// <param name="IsWholeEvent">Whether the event tells the usage and nothing else.</param>
/// <param name="Member">Where <c>"usage":null</c> stands in the event's data.</param>
internal readonly record struct AddedUsage(bool IsWholeEvent, JsonMember? Member)
{
    // Whether one is the event's own member is known at the event's end only. No real event has so many that are not.
    private const int MostOthers = 16;

    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"{}[]"u8);

    /// <summary>Finds what was added. Every event has to pass here, so that it is not read as JSON unless it may be the one with the usage.</summary>
    public static AddedUsage In(ReadOnlySpan<byte> data)
    {
        var position = 0;
        var mayBeWholeEvent = true;
        var others = 0;
        while (JsonSearch.ValueOf(data[position..], "\"usage\""u8, out var nameStart) is var value and >= 0)
        {
            var start = position + nameStart;
            position += value;
            var rest = data[position..];
            if (rest is [(byte)'{', ..] && mayBeWholeEvent)
            {
                if (IsUsageOnly(data))
                {
                    return new AddedUsage(true, null);
                }

                mayBeWholeEvent = false;
            }
            else if (rest.StartsWith("null"u8))
            {
                if (MemberOfRoot(data, start, position) is { } member)
                {
                    return new AddedUsage(false, member);
                }

                if (++others == MostOthers)
                {
                    break;
                }
            }
        }

        return default;
    }

    private static JsonMember? MemberOfRoot(ReadOnlySpan<byte> data, int start, int valueStart)
    {
        var end = valueStart + "null"u8.Length;
        if (JsonSearch.Skip(data, end) is var next && (next == data.Length || data[next] is not ((byte)',' or (byte)'}')) || !ClosesRoot(data[end..]))
        {
            return null;
        }

        var before = data[..start].TrimEnd(JsonSearch.Whitespace);
        return before switch
        {
            [(byte)'{'] => new JsonMember(start, valueStart, end, 1, IsFirst: true),
            [(byte)'{', .., (byte)','] => new JsonMember(start, valueStart, end, before[..^1].TrimEnd(JsonSearch.Whitespace).Length, IsFirst: false),
            _ => null,
        };
    }

    // Whether all that is open is one object, which ends where the text ends.
    private static bool ClosesRoot(ReadOnlySpan<byte> rest)
    {
        var depth = 1;
        while (rest.IndexOfAny(Structure) is var found and >= 0)
        {
            var character = rest[found];
            rest = rest[(found + 1)..];
            switch (character)
            {
                case (byte)'"':
                    rest = JsonSearch.EndOfText(rest) is var end and >= 0 ? rest[(end + 1)..] : default;
                    break;
                case (byte)'{' or (byte)'[':
                    depth++;
                    break;
                case var _ when --depth == 0:
                    return character == (byte)'}' && rest.Trim(JsonSearch.Whitespace).IsEmpty;
            }
        }

        return false;
    }

    private static bool IsUsageOnly(ReadOnlySpan<byte> data)
    {
        try
        {
            var json = new Utf8JsonReader(data, AnswerReader.Options);
            var hasUsage = false;
            var hasNoChoices = false;
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var isUsage = json.ValueTextEquals("usage"u8);
                var isChoices = json.ValueTextEquals("choices"u8);
                json.Read();
                hasUsage |= isUsage && json.TokenType == JsonTokenType.StartObject;
                var isArray = json.TokenType == JsonTokenType.StartArray;
                var start = (int)json.BytesConsumed;
                json.Skip();
                hasNoChoices |= isChoices && isArray && data[start..(int)json.TokenStartIndex].Trim(JsonSearch.Whitespace).IsEmpty;
            }

            // Throws when something stands behind the object.
            return hasUsage && hasNoChoices && !json.Read();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
