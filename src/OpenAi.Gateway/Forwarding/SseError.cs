namespace OpenAi.Gateway;

/// <summary>An error as an event of a stream, in the form that OpenAI's SDKs raise it from.</summary>
internal static class SseError
{
    /// <param name="error">What to tell.</param>
    /// <param name="operation">What was asked for: the events of a stream of the responses API have a type and a number.</param>
    /// <param name="number">The number of the last event, which the error repeats: a client that resumes after it misses no other one.</param>
    public static ReadOnlyMemory<byte> Of(GatewayError error, ModelOperation operation, long number)
    {
        var data = OpenAiErrorWriter.Serialize(error, operation == ModelOperation.Responses ? number : null);
        return (byte[])[.. "event: error\ndata: "u8, .. data.Span, .. "\n\n"u8];
    }
}
