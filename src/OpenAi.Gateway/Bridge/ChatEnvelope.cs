using System.Buffers;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>A chat completion, or a chunk of one: where its members stand. What is not there is empty.</summary>
internal readonly ref struct ChatEnvelope
{
    private readonly ReadOnlySpan<byte> _json;
    private readonly bool _hasOthers;

    private ChatEnvelope(ReadOnlySpan<byte> json)
    {
        _json = json;
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException();
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var member = MemberOf(in reader);
            reader.Read();
            var value = JsonText.Value(json, ref reader);
            switch (member)
            {
                case Member.Id when value is [(byte)'"', ..]:
                    Id = JsonText.Inner(value);
                    break;
                case Member.Created when reader.TokenType == JsonTokenType.Number:
                    Created = value;
                    break;
                case Member.Choices when reader.TokenType == JsonTokenType.EndArray:
                    Choices = value;
                    break;
                case Member.Usage when reader.TokenType == JsonTokenType.EndObject:
                    Usage = value;
                    break;
                case Member.Error when reader.TokenType != JsonTokenType.Null:
                    Error = value;
                    break;
                case Member.Other:
                    _hasOthers = true;
                    break;
            }
        }

        reader.Read(); // Throws when something stands behind the object.
    }

    private enum Member
    {
        Other,
        Id,
        Object,
        Created,
        Model,
        Choices,
        Usage,
        Error,
    }

    /// <summary>The identifier, without its quotes.</summary>
    public ReadOnlySpan<byte> Id { get; }

    public ReadOnlySpan<byte> Created { get; }

    public ReadOnlySpan<byte> Choices { get; }

    public ReadOnlySpan<byte> Usage { get; }

    public ReadOnlySpan<byte> Error { get; }

    /// <exception cref="JsonException">The text is no JSON object.</exception>
    public static ChatEnvelope Read(ReadOnlySpan<byte> json) => new(json);

    /// <summary>Writes the members that a text completion has in the same form, or that this version does not know, each with a comma in front.</summary>
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

    private static Member MemberOf(ref readonly Utf8JsonReader json) => json.ValueTextEquals("id"u8) ? Member.Id
        : json.ValueTextEquals("object"u8) ? Member.Object
        : json.ValueTextEquals("created"u8) ? Member.Created
        : json.ValueTextEquals("model"u8) ? Member.Model
        : json.ValueTextEquals("choices"u8) ? Member.Choices
        : json.ValueTextEquals("usage"u8) ? Member.Usage
        : json.ValueTextEquals("error"u8) ? Member.Error
        : Member.Other;
}
