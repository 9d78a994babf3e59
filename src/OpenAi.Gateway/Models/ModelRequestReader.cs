using System.Runtime.CompilerServices;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>Reads the fields that the gateway acts on out of a request's body, in one pass and without a tree.</summary>
internal ref struct ModelRequestReader
{
    private readonly ModelRequest _request;
    private LongTextReader _json;
    private ModelField _seen;
    private InputSize _input;

    private ModelRequestReader(ModelRequest request, ModelOperation operation, ReadOnlyMemory<byte> body, int maxDepth)
    {
        _request = request;
        _request.Begin(operation, body);
        _json = new LongTextReader(body.Span, isFinalBlock: true, new JsonReaderState(new JsonReaderOptions { MaxDepth = maxDepth }));
    }

    private JsonTokenType TokenType => _json.Token.TokenType;

    /// <summary>
    /// Reads a body. An error is a body that two readers could understand differently: a field that stands there twice. A body that is no
    /// JSON object, or nested too deeply, gives neither request nor error.
    /// </summary>
    /// <param name="operation">What is asked for.</param>
    /// <param name="body">The body.</param>
    /// <param name="maxDepth">How deeply it may be nested.</param>
    /// <param name="request">What was read.</param>
    /// <param name="into">Where to keep that; a new one when it is left out.</param>
    // Not inlined: the stage that calls it would have a JSON reader in its frame, which is large.
    [MethodImpl(MethodImplOptions.NoInlining)]
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
        while (_json.Read() && TokenType == JsonTokenType.PropertyName)
        {
            var mayBeField = ModelFields.MayBeOne(_json.Token);
            var field = mayBeField ? ModelFields.Of(_json.Token) : ModelField.None;
            if (mayBeField && field == ModelField.None && ModelFields.LooksLikeOne(_json.Token))
            {
                _request.Doubt ??= GatewayErrors.MisspeltField(_json.Token.GetString()!);
            }

            if (field != ModelField.None && (_seen & field) != 0)
            {
                return GatewayErrors.DuplicateField(_json.Token.GetString()!);
            }

            _seen |= field;
            Count(mayBeTokenId: false);
            var start = _json.TokenStart;
            _json.Read(wantsText: field is ModelField.Model or ModelField.ServiceTier);
            var valueStart = _json.TokenStart;
            if (field == ModelField.StreamOptions && TokenType == JsonTokenType.StartObject)
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
            if (field != ModelField.None)
            {
                Place(field, new JsonMember(start, valueStart, end, before, isFirst));
            }

            (before, isFirst) = (end, false);
        }

        // Throws when something stands behind the object.
        _json.Read();
        return null;
    }

    private ModelRequest Finish()
    {
        _request.InputBytes = _input.Bytes;
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
        while (_json.Read() && TokenType == JsonTokenType.PropertyName)
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
                _request.ClientAsksForUsage = TokenType == JsonTokenType.True;
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

    private void ReadValue(ModelField field)
    {
        Count(mayBeTokenId: false);
        if (field != ModelField.None)
        {
            Take(field);
        }

        if (TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
        {
            ReadParts(field);
        }
    }

    private void Take(ModelField field)
    {
        if (ModelFields.Expected(field, ref _json.Token, _request.Operation) is { } expected && (field == ModelField.Model || _request.Operation != ModelOperation.Other))
        {
            _request.Doubt ??= GatewayErrors.InvalidField(ModelFields.NameOf(field), expected);
        }

        switch (field)
        {
            case ModelField.Model when TokenType == JsonTokenType.String:
                _request.Model = KnownWords.Get(ref _json.Token);
                break;
            case ModelField.ServiceTier when TokenType == JsonTokenType.String:
                _request.ServiceTier = KnownWords.Get(ref _json.Token);
                break;
            case ModelField.Stream:
                _request.IsStream = TokenType == JsonTokenType.True;
                break;
            case ModelField.Background:
                _request.IsBackground = TokenType == JsonTokenType.True;
                break;
            case ModelField.N or ModelField.BestOf when TokenType == JsonTokenType.Number && _json.Token.TryGetInt32(out var count):
                _request.Choices = Math.Max(_request.Choices, count);
                break;
            case var _ when _request.Operation.DeclaresMaximum(field) && ModelFields.TryGetTokens(ref _json.Token, out var tokens):
                if (_request.DeclaredMaxField is null || tokens > _request.MaxOutputTokens)
                {
                    (_request.MaxOutputTokens, _request.DeclaredMaxField) = (tokens, ModelFields.NameOf(field));
                }

                break;
        }
    }

    private void ReadParts(ModelField field)
    {
        var depth = _json.Token.CurrentDepth;
        var texts = 0;
        var mayHaveTokenIds = field is ModelField.Prompt or ModelField.Input;
        var isArray = TokenType == JsonTokenType.StartArray;
        while (_json.Read() && _json.Token.CurrentDepth > depth)
        {
            Count(mayHaveTokenIds);
            if (_json.Token.CurrentDepth == depth + 1 && TokenType is JsonTokenType.String or JsonTokenType.EndArray)
            {
                texts++;
            }

            if (field is ModelField.Models or ModelField.Fallbacks)
            {
                TakeOtherModel(field);
            }
        }

        if (field == ModelField.Prompt && isArray && _request.Operation == ModelOperation.Completions)
        {
            _request.Prompts = Math.Max(1, texts);
        }
    }

    private void TakeOtherModel(ModelField field)
    {
        if (TokenType == JsonTokenType.String)
        {
            (_request.OtherModels ??= []).Add(KnownWords.Get(ref _json.Token));
        }
        else if (_request.Operation != ModelOperation.Other)
        {
            _request.Doubt ??= GatewayErrors.InvalidField(ModelFields.NameOf(field), ModelFields.NamesOfModels);
        }
    }

    private readonly void Place(ModelField field, JsonMember member)
    {
        switch (field)
        {
            case ModelField.Model:
                _request.ModelMember = member;
                break;
            case ModelField.Stream:
                _request.StreamMember = member;
                break;
            case ModelField.StreamOptions:
                _request.StreamOptionsMember = member;
                break;
            case ModelField.MaxTokens or ModelField.MaxCompletionTokens or ModelField.MaxOutputTokens
                when ModelFields.NameOf(field) == _request.Operation.MaxTokensField():
                _request.MaxTokensMember = member;
                break;
            case ModelField.MaxTokens when _request.Operation == ModelOperation.ChatCompletions:
                _request.OlderMaxTokensMember = member;
                break;
        }
    }

    private void Count(bool mayBeTokenId) => _input.Add(_json.Token, _json.Value, mayBeTokenId);
}
