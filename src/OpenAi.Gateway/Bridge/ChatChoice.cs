using System.Buffers;
using System.Text;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>A choice of a chat completion or of a chunk: where its members stand.</summary>
internal readonly ref struct ChatChoice
{
    private static readonly byte[][] Rewritten = [.. "index message delta logprobs finish_reason".Split(' ').Select(Encoding.UTF8.GetBytes)];

    private readonly ReadOnlySpan<byte> _json;
    private readonly bool _hasOthers;

    private ChatChoice(ReadOnlySpan<byte> json, int position)
    {
        _json = json;
        Index = position;
        FinishReason = "null"u8;
        var reader = new Utf8JsonReader(json);
        JsonPiece.Expect(reader.Read() && reader.TokenType == JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isIndex = reader.ValueTextEquals("index"u8);
            var isMessage = reader.ValueTextEquals("message"u8) || reader.ValueTextEquals("delta"u8);
            var isLogprobs = reader.ValueTextEquals("logprobs"u8);
            var isReason = reader.ValueTextEquals("finish_reason"u8);
            _hasOthers |= !JsonText.IsOneOf(in reader, Rewritten);
            reader.Read();
            if (isIndex)
            {
                Index = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var index) ? index : throw new JsonException();
            }
            else if (isMessage && reader.TokenType == JsonTokenType.StartObject)
            {
                HasMessage = true;
                Text = TextOf(json, ref reader);
            }
            else if (isLogprobs && reader.TokenType == JsonTokenType.StartObject)
            {
                Logprobs = JsonPiece.ValueOf(ref reader, json);
            }
            else if (isReason && reader.TokenType == JsonTokenType.String)
            {
                // The client of a text completion knows no tools.
                var isOfTools = reader.ValueTextEquals("tool_calls"u8) || reader.ValueTextEquals("function_call"u8);
                FinishReason = isOfTools ? "\"stop\""u8 : JsonPiece.ValueOf(ref reader, json);
            }

            reader.Skip();
        }
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
    /// <exception cref="JsonException">It is no choice, or its content is no text.</exception>
    public static ChatChoice Read(ReadOnlySpan<byte> json, int position) => new(json, position);

    /// <summary>Writes the members that this version does not know, each with a comma in front.</summary>
    public void CopyOthers(IBufferWriter<byte> output)
    {
        if (_hasOthers)
        {
            JsonText.CopyMembers(_json, Rewritten, output);
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
                var text = reader.TokenType == JsonTokenType.StartArray ? Joined(json, ref reader) : InnerOf(json, ref reader);
                content = isContent ? text : content;
                refusal = isRefusal ? text : refusal;
            }

            reader.Skip();
        }

        return content.IsEmpty ? refusal : content;
    }

    // Some servers give a text as a list of its parts. Parts of another kind are nothing that a text completion has.
    private static ReadOnlySpan<byte> Joined(ReadOnlySpan<byte> json, scoped ref Utf8JsonReader reader)
    {
        var joined = new ArrayBufferWriter<byte>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            JsonPiece.Expect(reader.TokenType == JsonTokenType.StartObject);
            var part = JsonPiece.ValueOf(ref reader, json);
            JsonPiece.Expect(JsonSearch.MemberOf(part, "\"type\""u8).SequenceEqual("\"text\""u8));
            var text = JsonSearch.MemberOf(part, "\"text\""u8);
            JsonPiece.Expect(text is [(byte)'"', ..]);
            joined.Write(JsonText.Inner(text));
        }

        return joined.WrittenSpan;
    }

    private static ReadOnlySpan<byte> InnerOf(ReadOnlySpan<byte> json, scoped ref Utf8JsonReader reader)
    {
        JsonPiece.Expect(reader.TokenType == JsonTokenType.String);
        return JsonText.Inner(JsonPiece.ValueOf(ref reader, json));
    }
}
