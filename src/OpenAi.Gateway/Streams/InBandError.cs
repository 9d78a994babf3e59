namespace OpenAi.Gateway;

/// <summary>Finds an error in an answer that otherwise looks like a success: some servers tell it with status 200, or in a stream that ends with its <c>[DONE]</c>.</summary>
internal static class InBandError
{
    /// <summary>Whether a member <c>error</c> that is not <c>null</c> stands in a JSON text, at whatever depth.</summary>
    public static bool MayBeIn(ReadOnlySpan<byte> json)
    {
        while (JsonSearch.ValueOf(json, "\"error\""u8, out _) is var value and >= 0)
        {
            json = json[value..];
            if (!json.StartsWith("null"u8))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a model's answer is an error, or one of its events is.</summary>
    public static bool IsIn(ReadOnlySpan<byte> answer, bool isEventStream)
    {
        // Most answers do not have the word at all.
        if (answer.IndexOf("error"u8) < 0)
        {
            return false;
        }

        if (!isEventStream)
        {
            return IsError(answer);
        }

        using var events = new SseParser();
        while (events.TryRead(ref answer, out var found) || events.TryReadRest(out found))
        {
            if (found.Name.SequenceEqual("error"u8) || IsError(found.Data))
            {
                return true;
            }
        }

        return false;
    }

    // What is nested deeper is a part of the answer, such as a tool's own failure.
    private static bool IsError(ReadOnlySpan<byte> json) => MayBeIn(json) && !JsonSearch.MemberOf(json, "\"error\""u8).IsEmpty;
}
