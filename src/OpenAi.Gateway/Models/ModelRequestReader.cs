using System.Numerics;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>Reads the fields that the gateway acts on out of a request's body, in one pass and without a tree.</summary>
internal ref struct ModelRequestReader
{
    private readonly ModelRequest _request;
    private LongTextReader _json;
    private Field _seen;
    private long _inputBytes;
    private int _best;
    private int _n;
    private bool _isLink;

    private ModelRequestReader(ModelRequest request, ModelOperation operation, ReadOnlyMemory<byte> body, int maxDepth)
    {
        _request = request;
        _request.Begin(operation, body);
        _json = new LongTextReader(body.Span, isFinalBlock: true, new JsonReaderState(new JsonReaderOptions { MaxDepth = maxDepth }));
    }

    [Flags]
    private enum Field
    {
        None = 0,
        Model = 1,
        Stream = 2,
        StreamOptions = 4,
        MaxTokens = 8,
        MaxCompletionTokens = 16,
        MaxOutputTokens = 32,
        N = 64,
        BestOf = 128,
        Prompt = 256,
        Input = 512,
        ServiceTier = 1024,
        Background = 2048,
    }

    /// <summary>
    /// Reads a body. An error is a body that two readers could understand differently: a field that stands there twice. A body that is no
    /// JSON object, or nested too deeply, gives neither request nor error.
    /// </summary>
    /// <param name="operation">What is asked for.</param>
    /// <param name="body">The body.</param>
    /// <param name="maxDepth">How deeply it may be nested.</param>
    /// <param name="request">What was read.</param>
    /// <param name="into">Where to keep that; a new one when it is left out.</param>
    public static GatewayError? Read(ModelOperation operation, ReadOnlyMemory<byte> body, int maxDepth, out ModelRequest? request, ModelRequest? into = null)
    {
        request = null;
        try
        {
            var reader = new ModelRequestReader(into ?? new ModelRequest(), operation, body, maxDepth);
            if (!reader._json.Read() || reader._json.Token.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            if (reader.ReadMembers() is { } error)
            {
                return error;
            }

            request = reader.Finish();
            return null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // The latter is a name or text that is no Unicode.
            return null;
        }
    }

    private GatewayError? ReadMembers()
    {
        var before = _json.Consumed;
        var isFirst = true;
        while (_json.Read() && _json.Token.TokenType == JsonTokenType.PropertyName)
        {
            var mayBeField = ModelFields.MayBeOne(_json.Token);
            var field = mayBeField ? FieldOf(_json.Token) : Field.None;
            if (mayBeField && field == Field.None && ModelFields.LooksLikeOne(_json.Token))
            {
                _request.Doubt ??= GatewayErrors.MisspeltField(_json.Token.GetString()!);
            }

            if (field != Field.None && (_seen & field) != 0)
            {
                return GatewayErrors.DuplicateField(_json.Token.GetString()!);
            }

            _seen |= field;
            Count(isTokenId: false);
            var start = _json.TokenStart;
            _json.Read(wantsText: field is Field.Model or Field.ServiceTier);
            var valueStart = _json.TokenStart;
            if (field == Field.StreamOptions && _json.Token.TokenType == JsonTokenType.StartObject)
            {
                if (ReadStreamOptions() is { } error)
                {
                    return error;
                }
            }
            else
            {
                ReadValue(field);
            }

            var end = _json.Consumed;
            Place(field, new JsonMember(start, valueStart, end, before, isFirst));
            (before, isFirst) = (end, false);
        }

        // Throws when something stands behind the object.
        _json.Read();
        return null;
    }

    private ModelRequest Finish()
    {
        _request.InputBytes = _inputBytes;
        _request.Choices = Math.Max(1, Math.Max(_n, _best));
        _request.AskedModel = _request.Model;
        if (_request.Operation == ModelOperation.Completions)
        {
            _request.MaxOutputTokens ??= ModelRequest.LegacyMaxTokens;
        }

        return _request;
    }

    private GatewayError? ReadStreamOptions()
    {
        var before = _json.Consumed;
        var isFirst = true;
        while (_json.Read() && _json.Token.TokenType == JsonTokenType.PropertyName)
        {
            var isIncludeUsage = _json.Token.ValueTextEquals("include_usage"u8);
            var start = _json.TokenStart;
            _json.Read(wantsText: true);
            var valueStart = _json.TokenStart;
            if (isIncludeUsage && _request.IncludeUsageMember is not null)
            {
                return GatewayErrors.DuplicateField("stream_options.include_usage");
            }

            if (isIncludeUsage)
            {
                _request.ClientAsksForUsage = _json.Token.TokenType == JsonTokenType.True;
            }

            _json.Token.Skip();
            var end = _json.Consumed;
            if (isIncludeUsage)
            {
                _request.IncludeUsageMember = new JsonMember(start, valueStart, end, before, isFirst);
            }

            (before, isFirst) = (end, false);
        }

        return null;
    }

    private void ReadValue(Field field)
    {
        Count(isTokenId: false);
        if (Problem(field) is { } expected && (field == Field.Model || _request.Operation != ModelOperation.Other))
        {
            _request.Doubt ??= GatewayErrors.InvalidField(NameOf(field), expected);
        }

        switch (field)
        {
            case Field.Model when _json.Token.TokenType == JsonTokenType.String:
                _request.Model = KnownWords.Get(ref _json.Token);
                break;
            case Field.ServiceTier when _json.Token.TokenType == JsonTokenType.String:
                _request.ServiceTier = KnownWords.Get(ref _json.Token);
                break;
            case Field.Stream:
                _request.IsStream = _json.Token.TokenType == JsonTokenType.True;
                break;
            case Field.Background:
                _request.IsBackground = _json.Token.TokenType == JsonTokenType.True;
                break;
            case Field.N or Field.BestOf when _json.Token.TokenType == JsonTokenType.Number && _json.Token.TryGetInt32(out var count):
                (_n, _best) = field == Field.N ? (count, _best) : (_n, count);
                break;
            case Field.MaxTokens or Field.MaxCompletionTokens or Field.MaxOutputTokens when IsNumber(out var tokens) && Declares(field):
                if (_request.DeclaredMaxField is null || tokens > _request.MaxOutputTokens)
                {
                    (_request.MaxOutputTokens, _request.DeclaredMaxField) = (tokens, NameOf(field));
                }

                break;
        }

        var depth = _json.Token.CurrentDepth;
        if (_json.Token.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
        {
            var texts = 0;
            var isTokens = field is Field.Prompt or Field.Input;
            var isArray = _json.Token.TokenType == JsonTokenType.StartArray;
            while (_json.Read() && _json.Token.CurrentDepth > depth)
            {
                Count(isTokens);
                if (_json.Token.CurrentDepth == depth + 1 && _json.Token.TokenType is JsonTokenType.String or JsonTokenType.EndArray)
                {
                    texts++;
                }
            }

            if (field == Field.Prompt && isArray && _request.Operation == ModelOperation.Completions)
            {
                _request.Prompts = Math.Max(1, texts);
            }
        }
    }

    // Of a chat's two fields some servers read the one and some the other, so the larger one decides; another operation's field says nothing.
    private readonly bool Declares(Field field) => _request.Operation switch
    {
        ModelOperation.ChatCompletions => field is Field.MaxCompletionTokens or Field.MaxTokens,
        ModelOperation.Completions => field == Field.MaxTokens,
        ModelOperation.Responses => field == Field.MaxOutputTokens,
        _ => false,
    };

    // What the value should be, when it is something else that another reader may take for one: "5", 5.0, 1e3, "true".
    private string? Problem(Field field) => _json.Token.TokenType == JsonTokenType.Null ? null : field switch
    {
        Field.Model when _json.Token.TokenType != JsonTokenType.String => "a text",
        Field.Stream or Field.Background when _json.Token.TokenType is not (JsonTokenType.True or JsonTokenType.False) => "true or false",
        Field.N or Field.BestOf when _json.Token.TokenType != JsonTokenType.Number || !_json.Token.TryGetInt32(out _) => "a whole number",
        Field.MaxTokens or Field.MaxCompletionTokens or Field.MaxOutputTokens when !IsNumber(out _) => "a whole number, 0 or more",
        _ => null,
    };

    private bool IsNumber(out long number)
    {
        number = 0;
        return _json.Token.TokenType == JsonTokenType.Number && _json.Token.TryGetInt64(out number) && number >= 0;
    }

    private readonly void Place(Field field, JsonMember member)
    {
        switch (field)
        {
            case Field.Model:
                _request.ModelMember = member;
                break;
            case Field.Stream:
                _request.StreamMember = member;
                break;
            case Field.StreamOptions:
                _request.StreamOptionsMember = member;
                break;
            case Field.MaxTokens or Field.MaxCompletionTokens or Field.MaxOutputTokens when Declares(field):
                _request.MaxTokensMember = member;
                break;
        }
    }

    // No token of a model is shorter than a byte of text; what encloses the text counts one each, and a number may be one token's own.
    private void Count(bool isTokenId)
    {
        var length = _json.Value.Length;
        _inputBytes += (_json.Token.TokenType == JsonTokenType.Number && isTokenId) || IsMedia() ? 1 : Math.Max(1, length);
        _isLink = _json.Token.TokenType == JsonTokenType.PropertyName && ModelFields.HoldsMedia(_json.Token);
    }

    // Only where an image or file may stand: a text that begins alike is a text.
    private bool IsMedia()
    {
        const int LongestType = 128;
        var value = _json.Value;
        return _isLink && _json.Token.TokenType == JsonTokenType.String && value.StartsWith("data:"u8)
            && value[..Math.Min(value.Length, LongestType)].IndexOf(";base64,"u8) > 0;
    }

    private static string NameOf(Field field) => ModelFields.Names[BitOperations.Log2((uint)field)];

    private static Field FieldOf(in Utf8JsonReader json) => json.ValueTextEquals("model"u8) ? Field.Model
        : json.ValueTextEquals("stream"u8) ? Field.Stream
        : json.ValueTextEquals("stream_options"u8) ? Field.StreamOptions
        : json.ValueTextEquals("max_tokens"u8) ? Field.MaxTokens
        : json.ValueTextEquals("max_completion_tokens"u8) ? Field.MaxCompletionTokens
        : json.ValueTextEquals("max_output_tokens"u8) ? Field.MaxOutputTokens
        : json.ValueTextEquals("n"u8) ? Field.N
        : json.ValueTextEquals("best_of"u8) ? Field.BestOf
        : json.ValueTextEquals("prompt"u8) ? Field.Prompt
        : json.ValueTextEquals("input"u8) ? Field.Input
        : json.ValueTextEquals("service_tier"u8) ? Field.ServiceTier
        : json.ValueTextEquals("background"u8) ? Field.Background
        : Field.None;
}
