using System.Buffers;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>A choice of a chat completion or of a chunk: where its members stand.</summary>
internal readonly ref struct ChatChoice
{
    private readonly ReadOnlySpan<byte> _json;
    private readonly bool _hasOthers;

    private ChatChoice(ReadOnlySpan<byte> json, int position)
    {
        _json = json;
        Index = position;
        FinishReason = "null"u8;
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException();
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var member = MemberOf(in reader);
            reader.Read();
            if (member == Member.Index)
            {
                Index = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var index) ? index : throw new JsonException();
            }
            else if (member == Member.Message && reader.TokenType == JsonTokenType.StartObject)
            {
                HasMessage = true;
                Text = TextOf(json, ref reader);
            }
            else if (member == Member.Logprobs && reader.TokenType == JsonTokenType.StartObject)
            {
                Logprobs = JsonText.Value(json, ref reader);
            }
            else if (member == Member.FinishReason && reader.TokenType == JsonTokenType.String)
            {
                // The client of a text completion knows no tools.
                FinishReason = reader.ValueTextEquals("tool_calls"u8) || reader.ValueTextEquals("function_call"u8)
                    ? "\"stop\""u8
                    : JsonText.Value(json, ref reader);
            }
            else
            {
                _hasOthers |= member == Member.Other;
                reader.Skip();
            }
        }
    }

    private enum Member
    {
        Other,
        Index,
        Message,
        Logprobs,
        FinishReason,
    }

    public int Index { get; }

    public bool HasMessage { get; }

    /// <summary>What the model says, or its refusal; escaped and without quotes.</summary>
    public ReadOnlySpan<byte> Text { get; }

    /// <summary>The logprobs in the form of a chat; empty when there are none.</summary>
    public ReadOnlySpan<byte> Logprobs { get; }

    /// <summary>The reason as JSON.</summary>
    public ReadOnlySpan<byte> FinishReason { get; }

    /// <param name="json">The choice.</param>
    /// <param name="position">Its place in the list, for an upstream that does not number its choices.</param>
    /// <exception cref="JsonException">It is none, or what it says is no text.</exception>
    public static ChatChoice Read(ReadOnlySpan<byte> json, int position) => new(json, position);

    /// <summary>Writes the members that this version does not know, each with a comma in front.</summary>
    public void CopyOthers(IBufferWriter<byte> output)
    {
        if (!_hasOthers)
        {
            return;
        }

        var reader = new Utf8JsonReader(_json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = (int)reader.TokenStartIndex;
            var isOther = MemberOf(in reader) == Member.Other;
            reader.Read();
            reader.Skip();
            if (isOther)
            {
                output.Write(","u8);
                output.Write(_json[start..(int)reader.BytesConsumed]);
            }
        }
    }

    private static ReadOnlySpan<byte> TextOf(ReadOnlySpan<byte> json, scoped ref Utf8JsonReader reader)
    {
        ReadOnlySpan<byte> content = default;
        ReadOnlySpan<byte> refusal = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isContent = reader.ValueTextEquals("content"u8);
            var isRefusal = reader.ValueTextEquals("refusal"u8);
            reader.Read();
            if ((isContent || isRefusal) && reader.TokenType != JsonTokenType.Null)
            {
                if (reader.TokenType != JsonTokenType.String)
                {
                    throw new JsonException();
                }

                var text = JsonText.Inner(JsonText.Value(json, ref reader));
                content = isContent ? text : content;
                refusal = isRefusal ? text : refusal;
            }

            reader.Skip();
        }

        return content.IsEmpty ? refusal : content;
    }

    private static Member MemberOf(ref readonly Utf8JsonReader json) => json.ValueTextEquals("index"u8) ? Member.Index
        : json.ValueTextEquals("delta"u8) || json.ValueTextEquals("message"u8) ? Member.Message
        : json.ValueTextEquals("logprobs"u8) ? Member.Logprobs
        : json.ValueTextEquals("finish_reason"u8) ? Member.FinishReason
        : Member.Other;
}
