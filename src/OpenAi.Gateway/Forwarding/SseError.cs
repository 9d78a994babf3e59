namespace OpenAi.Gateway;

/// <summary>An error as an event of a stream, in the form that OpenAI's SDKs raise it from.</summary>
internal static class SseError
{
    public static ReadOnlyMemory<byte> Of(GatewayError error) =>
        (byte[])[.. "event: error\ndata: "u8, .. OpenAiErrorWriter.Serialize(error).Span, .. "\n\n"u8];
}
