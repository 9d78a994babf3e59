using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>Reads and checks the fields of a legacy request that the bridge acts on, in one pass and without a tree.</summary>
internal ref struct BridgeRequestReader(ReadOnlySpan<byte> body, int maxPrompts)
{
    private const string Texts = "a string or an array of strings";

    private Utf8JsonReader _json = new(body);
    private BridgeField _seen;
    private long? _bestOf;

    public string? Model { get; private set; }

    public Range ModelJson { get; private set; }

    public List<Range> Prompts { get; } = [];

    public long MaxTokens { get; private set; } = ModelRequest.LegacyMaxTokens;

    public int Choices { get; private set; } = 1;

    public long? Logprobs { get; private set; }

    public bool IsStream { get; private set; }

    public bool AsksForUsage { get; private set; }

    public bool IsEcho { get; private set; }

    private readonly Range ValueRange => (int)_json.TokenStartIndex..(int)_json.BytesConsumed;

    private readonly bool IsTrue => _json.TokenType == JsonTokenType.True;

    private readonly bool IsFlag => _json.TokenType is JsonTokenType.True or JsonTokenType.False;

    /// <exception cref="JsonException">The body is not JSON.</exception>
    public GatewayError? Read()
    {
        if (!_json.Read() || _json.TokenType != JsonTokenType.StartObject)
        {
            return GatewayErrors.BodyNotJson;
        }

        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var field = BridgeFields.Of(in _json);
            var name = field == BridgeField.None ? "" : _json.GetString()!;
            if (field != BridgeField.ChatOnly && (_seen & field) != 0)
            {
                return GatewayErrors.DuplicateField(name);
            }

            _seen |= field;
            _json.Read();
            if (ReadValue(field, name) is { } error)
            {
                return error;
            }

            _json.Skip();
        }

        _json.Read(); // Throws when something stands behind the object.
        return CheckWhole();
    }

    private GatewayError? ReadValue(BridgeField field, string name) => field switch
    {
        BridgeField.None => null,
        _ when _json.TokenType == JsonTokenType.Null => null, // As if it were not there.
        BridgeField.Model => ReadModel(),
        BridgeField.Prompt => ReadPrompt(),
        BridgeField.StreamOptions => ReadStreamOptions(),
        BridgeField.Suffix => ReadSuffix(),
        BridgeField.Stream or BridgeField.Echo => ReadFlag(field, name),
        BridgeField.ChatOnly => GatewayErrors.UnsupportedField(name, "it belongs to chat requests, and a text completion has no place for it"),
        _ => ReadNumber(field, name),
    };

    private GatewayError? CheckWhole()
    {
        if (Model is null || Prompts.Count == 0)
        {
            return GatewayErrors.MissingField(Model is null ? "model" : "prompt");
        }

        if (_bestOf < Choices)
        {
            return GatewayErrors.InvalidField("best_of", "at least as large as 'n'");
        }

        if (_bestOf > Choices)
        {
            return GatewayErrors.UnsupportedField("best_of", "a chat model does not choose among its answers; leave it out, or send the same as 'n'");
        }

        return IsEcho && Logprobs is not null
            ? GatewayErrors.UnsupportedField("echo", "a chat model does not tell the prompt's logprobs; leave out 'echo' or 'logprobs'")
            : null;
    }

    private GatewayError? ReadModel()
    {
        if (_json.TokenType != JsonTokenType.String)
        {
            return GatewayErrors.InvalidField("model", "a string");
        }

        try
        {
            Model = _json.GetString();
        }
        catch (InvalidOperationException)
        {
            return GatewayErrors.InvalidField("model", "a string of Unicode characters");
        }

        ModelJson = ValueRange;
        return Model is "" ? GatewayErrors.MissingField("model") : null;
    }

    private GatewayError? ReadPrompt()
    {
        if (_json.TokenType == JsonTokenType.String)
        {
            Prompts.Add(ValueRange);
            return null;
        }

        if (_json.TokenType != JsonTokenType.StartArray)
        {
            return GatewayErrors.InvalidField("prompt", Texts);
        }

        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (_json.TokenType is JsonTokenType.Number or JsonTokenType.StartArray)
            {
                return GatewayErrors.UnsupportedField("prompt", "a chat model takes no token numbers; send the text itself");
            }

            if (_json.TokenType != JsonTokenType.String)
            {
                return GatewayErrors.InvalidField("prompt", Texts);
            }

            if (Prompts.Count == maxPrompts)
            {
                return GatewayErrors.InvalidField("prompt", $"a string or an array of at most {maxPrompts} strings");
            }

            Prompts.Add(ValueRange);
        }

        return Prompts.Count > 0 ? null : GatewayErrors.InvalidField("prompt", "a string or an array of at least one string");
    }

    private GatewayError? ReadNumber(BridgeField field, string name)
    {
        long? value = _json.TokenType == JsonTokenType.Number && _json.TryGetInt64(out var number) ? number : null;
        switch (field)
        {
            case BridgeField.MaxTokens when value is >= 1:
                MaxTokens = value.Value;
                return null;
            case BridgeField.MaxTokens:
                return GatewayErrors.InvalidField(name, "a whole number of at least 1: a chat model cannot generate nothing");
            case BridgeField.N when value is >= 1 and <= BridgeRequest.MostChoices:
                Choices = (int)value.Value;
                return null;
            case BridgeField.N:
                return GatewayErrors.InvalidField(name, $"a whole number from 1 to {BridgeRequest.MostChoices}");
            case BridgeField.Logprobs when value is >= 0 and <= 5:
                Logprobs = value;
                return null;
            case BridgeField.Logprobs:
                return GatewayErrors.InvalidField(name, "a whole number from 0 to 5");
            default:
                _bestOf = value;
                return value is null ? GatewayErrors.InvalidField(name, "a whole number") : null;
        }
    }

    private GatewayError? ReadFlag(BridgeField field, string name)
    {
        if (!IsFlag)
        {
            return GatewayErrors.InvalidField(name, "true or false");
        }

        if (field == BridgeField.Stream)
        {
            IsStream = IsTrue;
        }
        else
        {
            IsEcho = IsTrue;
        }

        return null;
    }

    private readonly GatewayError? ReadSuffix() => _json.TokenType != JsonTokenType.String ? GatewayErrors.InvalidField("suffix", "a string")
        : _json.ValueSpan.IsEmpty ? null
        : GatewayErrors.UnsupportedField("suffix", "a chat model does not insert text in front of another one");

    private GatewayError? ReadStreamOptions()
    {
        if (_json.TokenType != JsonTokenType.StartObject)
        {
            return GatewayErrors.InvalidField("stream_options", "an object");
        }

        var isSeen = false;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var isIncludeUsage = _json.ValueTextEquals("include_usage"u8);
            _json.Read();
            if (isIncludeUsage)
            {
                if (isSeen)
                {
                    return GatewayErrors.DuplicateField("stream_options.include_usage");
                }

                if (!IsFlag && _json.TokenType != JsonTokenType.Null)
                {
                    return GatewayErrors.InvalidField("stream_options.include_usage", "true or false");
                }

                (isSeen, AsksForUsage) = (true, IsTrue);
            }

            _json.Skip();
        }

        return null;
    }
}
