using System.Buffers;
using System.Text;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>A chat completion, or a chunk of one: where its members stand. What is not there is empty.</summary>
internal readonly ref struct ChatEnvelope
{
    private static readonly byte[][] Rewritten = [.. "id object created model choices usage".Split(' ').Select(Encoding.UTF8.GetBytes)];

    private readonly ReadOnlySpan<byte> _json;
    private readonly bool _hasOthers;

    private ChatEnvelope(ReadOnlySpan<byte> json)
    {
        _json = json;
        var reader = new Utf8JsonReader(json);
        JsonPiece.Expect(reader.Read() && reader.TokenType == JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isId = reader.ValueTextEquals("id"u8);
            var isCreated = reader.ValueTextEquals("created"u8);
            var isChoices = reader.ValueTextEquals("choices"u8);
            var isUsage = reader.ValueTextEquals("usage"u8);
            var isError = reader.ValueTextEquals("error"u8);
            var isObject = reader.ValueTextEquals("object"u8);
            _hasOthers |= !JsonText.IsOneOf(in reader, Rewritten);
            reader.Read();
            var kind = reader.TokenType;
            IsLegacy |= isObject && kind == JsonTokenType.String && reader.ValueTextEquals("text_completion"u8);
            var value = JsonPiece.ValueOf(ref reader, json);
            Id = isId && kind == JsonTokenType.String ? JsonText.Inner(value) : Id;
            Created = isCreated && kind == JsonTokenType.Number ? value : Created;
            Choices = isChoices && kind == JsonTokenType.StartArray ? value : Choices;
            Usage = isUsage && kind == JsonTokenType.StartObject ? value : Usage;
            Error = isError && kind != JsonTokenType.Null ? value : Error;
        }

        reader.Read(); // Throws when something stands behind the object.
    }

    /// <summary>The identifier, without its quotes.</summary>
    public ReadOnlySpan<byte> Id { get; }

    public ReadOnlySpan<byte> Created { get; }

    public ReadOnlySpan<byte> Choices { get; }

    public ReadOnlySpan<byte> Usage { get; }

    public ReadOnlySpan<byte> Error { get; }

    /// <summary>Whether it is a text completion already: some servers, and many stand-ins for them, answer any path with one.</summary>
    public bool IsLegacy { get; }

    /// <exception cref="JsonException">The text is no JSON object.</exception>
    public static ChatEnvelope Read(ReadOnlySpan<byte> json) => new(json);

    /// <summary>Writes the members that a text completion has in the same form, or that this version does not know, each with a comma in front.</summary>
    public void CopyOthers(IBufferWriter<byte> output)
    {
        if (_hasOthers)
        {
            JsonText.CopyMembers(_json, Rewritten, output);
        }
    }
}
