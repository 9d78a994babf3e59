using System.Buffers;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>Makes one text completion of the chat completions that answer a request's prompts.</summary>
internal static class BridgeAnswer
{
    /// <summary>
    /// Writes the text completion; a single answer that is one already stays as it is. <see langword="false"/> when an answer is not a chat
    /// completion: what was written is of no use then, and the upstream's fault.
    /// </summary>
    /// <param name="request">What was asked.</param>
    /// <param name="chats">The bodies of the answers, in the order of the prompts.</param>
    /// <param name="time">Gives <c>created</c> when the upstream does not.</param>
    /// <param name="output">Where to.</param>
    public static bool TryWrite(BridgeRequest request, IReadOnlyList<ReadOnlyMemory<byte>> chats, TimeProvider time, IBufferWriter<byte> output)
    {
        try
        {
            var first = ChatEnvelope.Read(chats[0].Span);
            if (first is { IsLegacy: true, Error.IsEmpty: true } && chats.Count == 1)
            {
                output.Write(chats[0].Span);
                return true;
            }

            LegacyHead.Write(first, request, time, output);
            output.Write(",\"choices\":["u8);
            var choices = new LegacyChoices(request);
            var count = 0;
            for (var call = 0; call < chats.Count; call++)
            {
                var chat = ChatEnvelope.Read(chats[call].Span);
                if (chat.Choices.IsEmpty || !chat.Error.IsEmpty)
                {
                    return false;
                }

                choices.Write(call, chat.Choices, isStream: false, ref count, output);
            }

            output.Write("]"u8);
            WriteUsage(chats, output);
            first.CopyOthers(output);
            output.Write("}"u8);
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // The latter is a name that is no Unicode.
            return false;
        }
    }

    // A sum that lacks a call would not be true.
    private static void WriteUsage(IReadOnlyList<ReadOnlyMemory<byte>> chats, IBufferWriter<byte> output)
    {
        var sum = new UsageSum();
        foreach (var chat in chats)
        {
            var usage = ChatEnvelope.Read(chat.Span).Usage;
            if (usage.IsEmpty)
            {
                return;
            }

            sum.Add(usage);
            if (chats.Count == 1)
            {
                output.Write(",\"usage\":"u8);
                output.Write(usage);
                return;
            }
        }

        output.Write(",\"usage\":"u8);
        sum.WriteTo(output);
    }
}
