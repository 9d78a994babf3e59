using System.Buffers;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>Writes the choices of chats as those of one text completion, and knows how far each one is.</summary>
internal sealed class LegacyChoices(BridgeRequest request)
{
    private readonly bool[] _isBegun = request.IsEcho ? new bool[request.Prompts * request.Choices] : [];
    private readonly LegacyLogprobs? _logprobs = request.HasLogprobs ? new LegacyLogprobs(request) : null;

    /// <summary>Writes the choices of one chat, with commas between them and in front if there are choices before.</summary>
    /// <param name="call">The number of the prompt that the chat answers.</param>
    /// <param name="choices">The chat's list.</param>
    /// <param name="isStream">Whether they are a chunk's: its choices may be without text.</param>
    /// <param name="count">How many choices are written already.</param>
    /// <param name="output">Where to.</param>
    /// <exception cref="JsonException">They are not the choices of a chat that was asked for.</exception>
    public void Write(int call, ReadOnlySpan<byte> choices, bool isStream, ref int count, IBufferWriter<byte> output)
    {
        var reader = new Utf8JsonReader(choices);
        reader.Read();
        for (var position = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; position++)
        {
            var choice = ChatChoice.Read(JsonPiece.ValueOf(ref reader, choices), position);
            JsonPiece.Expect(choice.Index >= 0 && choice.Index < request.Choices && (isStream || choice.HasMessage));
            output.Write(count++ > 0 ? ",{\"text\":\""u8 : "{\"text\":\""u8);
            Write(choice, call, (call * request.Choices) + choice.Index, output);
        }
    }

    private void Write(ChatChoice choice, int call, int index, IBufferWriter<byte> output)
    {
        if (request.IsEcho && !_isBegun[index])
        {
            _isBegun[index] = true;
            output.Write(request.Prompt(call));
        }

        output.Write(choice.Text);
        output.Write("\",\"index\":"u8);
        JsonText.WriteNumber(index, output);
        output.Write(",\"logprobs\":"u8);
        if (_logprobs is null || choice.Logprobs.IsEmpty)
        {
            output.Write("null"u8);
        }
        else
        {
            _logprobs.Write(choice.Logprobs, call, index, output);
        }

        output.Write(",\"finish_reason\":"u8);
        output.Write(choice.FinishReason);
        choice.CopyOthers(output);
        output.Write("}"u8);
    }
}
