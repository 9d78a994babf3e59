using System.Buffers;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>Makes of a stored JSON answer the stream that the same question could have been answered with: few events, but whole ones.</summary>
internal static class StreamReplay
{
    // Each choice becomes two events, which repeat what stands beside the choices. Real answers stay far below this; a hostile one could fill memory.
    private const int MostRepeated = 4 * 1024 * 1024;

    /// <summary>
    /// The stream, with its usage; <see langword="null"/> when the answer is not one of chats or completions, or its stream would repeat megabytes.
    /// </summary>
    public static byte[]? Replay(ReadOnlySpan<byte> answer)
    {
        try
        {
            // An event's data must not have line ends in it.
            var json = Minify(answer);
            return ReplayedAnswer.Read(json) is { } read && 2L * read.Choices.Count * read.Others.Length <= MostRepeated ? Write(read) : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static byte[] Write(ReplayedAnswer answer)
    {
        var writer = new ArrayBufferWriter<byte>(1024);
        foreach (var choice in answer.Choices)
        {
            Begin(writer, answer);
            writer.Write("{\"index\":"u8);
            writer.Write(choice.Index);
            writer.Write(answer.IsChat ? ",\"delta\":"u8 : ",\"text\":"u8);
            writer.Write(choice.Content);
            writer.Write(choice.Others);
            writer.Write(!choice.Logprobs.IsEmpty ? ",\"logprobs\":"u8 : default);
            writer.Write(choice.Logprobs);
            writer.Write(",\"finish_reason\":null}"u8);
            End(writer, answer);
        }

        foreach (var choice in answer.Choices)
        {
            Begin(writer, answer);
            writer.Write("{\"index\":"u8);
            writer.Write(choice.Index);
            writer.Write(answer.IsChat ? ",\"delta\":{}"u8 : ",\"text\":\"\""u8);
            writer.Write(!choice.Logprobs.IsEmpty ? ",\"logprobs\":null"u8 : default);
            writer.Write(",\"finish_reason\":"u8);
            writer.Write(choice.FinishReason);
            writer.Write("}"u8);
            End(writer, answer);
        }

        if (!answer.Usage.IsEmpty)
        {
            Begin(writer, answer);
            writer.Write("],\"usage\":"u8);
            writer.Write(answer.Usage);
            writer.Write("}\n\n"u8);
        }

        writer.Write("data: [DONE]\n\n"u8);
        return writer.WrittenSpan.ToArray();
    }

    private static void Begin(ArrayBufferWriter<byte> writer, ReplayedAnswer answer)
    {
        writer.Write(answer.IsChat ? "data: {\"object\":\"chat.completion.chunk\""u8 : "data: {\"object\":\"text_completion\""u8);
        writer.Write(answer.Others);
        writer.Write(",\"choices\":["u8);
    }

    private static void End(ArrayBufferWriter<byte> writer, ReplayedAnswer answer) =>
        writer.Write(answer.Usage.IsEmpty ? "]}\n\n"u8 : "],\"usage\":null}\n\n"u8);

    private static ReadOnlySpan<byte> Minify(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, AnswerReader.Options);
        var writer = new ArrayBufferWriter<byte>(json.Length + 1);
        var end = 0;
        while (reader.Read())
        {
            // Only white space, commas and colons stand between two tokens; the white space is left out.
            foreach (var between in json[end..(int)reader.TokenStartIndex])
            {
                if (between is (byte)',' or (byte)':')
                {
                    writer.Write([between]);
                }
            }

            var isName = reader.TokenType == JsonTokenType.PropertyName;
            end = isName ? (int)reader.TokenStartIndex + reader.ValueSpan.Length + 2 : (int)reader.BytesConsumed;
            writer.Write(json[(int)reader.TokenStartIndex..end]);
        }

        return writer.WrittenSpan;
    }
}
