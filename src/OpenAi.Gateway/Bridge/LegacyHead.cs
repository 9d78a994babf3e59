using System.Buffers;

namespace OpenAi.Gateway;

/// <summary>The members that a text completion, or each chunk of one, begins with.</summary>
internal static class LegacyHead
{
    /// <summary>Writes identifier, kind, time and the model that the client asked for. What the chat does not say is made up here.</summary>
    public static void Write(ChatEnvelope chat, BridgeRequest request, TimeProvider time, IBufferWriter<byte> output)
    {
        output.Write("{\"id\":\"cmpl-"u8);
        if (chat.Id.IsEmpty)
        {
            Guid.NewGuid().TryFormat(output.GetSpan(32), out var written, "N");
            output.Advance(written);
        }
        else
        {
            output.Write(chat.Id.StartsWith("chatcmpl-"u8) ? chat.Id["chatcmpl-".Length..] : chat.Id);
        }

        output.Write("\",\"object\":\"text_completion\",\"created\":"u8);
        if (chat.Created.IsEmpty || chat.Created is [(byte)'0'])
        {
            JsonText.WriteNumber(time.GetUtcNow().ToUnixTimeSeconds(), output);
        }
        else
        {
            output.Write(chat.Created);
        }

        output.Write(",\"model\":"u8);
        output.Write(request.AskedModelJson.Span);
    }
}
