using System.Buffers;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>Makes of a stored stream the JSON object that the same question would have been answered with.</summary>
internal static class StreamAssembler
{
    /// <summary>
    /// The object; <see langword="null"/> when the stream is not one of chats or completions, tells an error, or is not whole: nothing is
    /// made up.
    /// </summary>
    public static byte[]? Assemble(ReadOnlySpan<byte> stream)
    {
        try
        {
            var answer = new AssembledObject(AssembledPart.Answer);
            if (!TakeEvents(stream, answer) || !Finish(answer))
            {
                return null;
            }

            var writer = new ArrayBufferWriter<byte>(1024);
            answer.WriteTo(writer);
            return writer.WrittenSpan.ToArray();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    // Whether the stream came to its end.
    private static bool TakeEvents(ReadOnlySpan<byte> stream, AssembledObject answer)
    {
        using var events = new SseParser();
        while (events.TryRead(ref stream, out var found) || events.TryReadRest(out found))
        {
            var data = found.Data.Trim(JsonSearch.Whitespace);
            if (data.SequenceEqual("[DONE]"u8))
            {
                return true;
            }

            if (!data.IsEmpty)
            {
                Take(data, answer);
            }
        }

        return false;
    }

    private static void Take(ReadOnlySpan<byte> data, AssembledObject answer)
    {
        var json = new Utf8JsonReader(data, AnswerReader.Options);
        json.Read();
        JsonPiece.Expect(json.TokenType == JsonTokenType.StartObject);
        answer.Take(ref json, data);

        // Throws when something stands behind the object.
        json.Read();
    }

    private static bool Finish(AssembledObject answer)
    {
        var kind = answer["object"];
        var isChat = kind.Is("\"chat.completion.chunk\""u8);
        if (isChat)
        {
            kind.Set("\"chat.completion\""u8);
        }

        var choices = answer["choices"].Items.ToArray();
        return (isChat || kind.Is("\"text_completion\""u8))
            && choices.Length > 0
            && choices.All(choice => choice["finish_reason"] is { IsNull: false, IsEmptyText: false } && !choice[isChat ? "message" : "text"].IsNull);
    }
}
