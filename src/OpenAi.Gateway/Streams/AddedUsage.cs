using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>What <c>stream_options.include_usage</c> adds to an event: nothing, a member that says null, or the whole event.</summary>
/// <param name="IsWholeEvent">Whether the event tells the usage and nothing else.</param>
/// <param name="Member">Where <c>"usage":null</c> stands in the event's data.</param>
internal readonly record struct AddedUsage(bool IsWholeEvent, JsonMember? Member)
{
    /// <summary>Finds what was added. Data that is no JSON has nothing added.</summary>
    public static AddedUsage In(ReadOnlySpan<byte> data)
    {
        if (JsonSearch.ValueOf(data, "\"usage\""u8, out _) < 0)
        {
            return default;
        }

        try
        {
            return Read(data);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return default;
        }
    }

    private static AddedUsage Read(ReadOnlySpan<byte> data)
    {
        var json = new Utf8JsonReader(data, AnswerReader.Options);
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
        {
            return default;
        }

        JsonMember? member = null;
        var hasUsage = false;
        var hasNoChoices = false;
        var before = (int)json.BytesConsumed;
        for (var isFirst = true; json.Read() && json.TokenType == JsonTokenType.PropertyName; isFirst = false)
        {
            var isUsage = json.ValueTextEquals("usage"u8);
            var isChoices = json.ValueTextEquals("choices"u8);
            var start = (int)json.TokenStartIndex;
            json.Read();
            var valueStart = (int)json.TokenStartIndex;
            hasUsage |= isUsage && json.TokenType == JsonTokenType.StartObject;
            var isNull = isUsage && json.TokenType == JsonTokenType.Null;
            json.Skip();
            var end = (int)json.BytesConsumed;
            hasNoChoices |= isChoices && data[valueStart..end] is [(byte)'[', .. var inside, (byte)']'] && JsonSearch.Skip(inside, 0) == inside.Length;
            member = isNull ? new JsonMember(start, valueStart, end, before, isFirst) : member;
            before = end;
        }

        // Throws when the object is not the end.
        json.Read();
        return new AddedUsage(hasUsage && hasNoChoices, member);
    }
}
