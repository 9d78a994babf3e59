using System.Buffers;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>
/// A legacy request, and the chat requests that answer it: one for each prompt. What the client wrote is copied as it stands; the body that
/// was read must live as long as the request does.
/// </summary>
internal sealed class BridgeRequest
{
    /// <summary>As many choices as OpenAI gives for one prompt.</summary>
    public const int MostChoices = 128;

    private readonly ArrayBufferWriter<byte> _head = new(256);
    private readonly ReadOnlyMemory<byte> _body;
    private readonly ReadOnlyMemory<byte> _modelJson;
    private readonly List<Range> _prompts;
    private readonly BridgeTarget _target;

    private BridgeRequest(ReadOnlyMemory<byte> body, in BridgeRequestReader fields, BridgeTarget target, string? askedModel)
    {
        _body = body;
        _prompts = fields.Prompts;
        _target = target;
        AskedModel = askedModel ?? fields.Model!;
        AskedModelJson = AskedModel == fields.Model ? body[fields.ModelJson] : JsonPiece.Quoted(AskedModel);
        Model = target.Model.Length > 0 ? target.Model : fields.Model!;
        _modelJson = target.Model.Length > 0 ? target.ModelJson : body[fields.ModelJson];
        Choices = fields.Choices;
        MaxTokens = fields.MaxTokens;
        IsStream = fields.IsStream;
        AsksForUsage = fields.AsksForUsage;
        IsEcho = fields.IsEcho;
        HasLogprobs = fields.Logprobs is not null && !target.LeavesOut("logprobs"u8);
        WriteHead(fields);
    }

    /// <summary>The name that the client asked for, which the answer repeats.</summary>
    public string AskedModel { get; }

    /// <summary>The same as the client wrote it, with its quotes.</summary>
    public ReadOnlyMemory<byte> AskedModelJson { get; }

    /// <summary>The model that the upstream is asked for.</summary>
    public string Model { get; }

    /// <summary>How many chat requests there are, each with its own answer.</summary>
    public int Prompts => _prompts.Count;

    /// <summary>How many choices each answer has (<c>n</c>).</summary>
    public int Choices { get; }

    /// <summary>The most tokens that one choice may have.</summary>
    public long MaxTokens { get; }

    public bool IsStream { get; }

    /// <summary>Whether a stream shall tell its usage.</summary>
    public bool AsksForUsage { get; }

    /// <summary>Whether each text shall begin with its prompt.</summary>
    public bool IsEcho { get; }

    public bool HasLogprobs { get; }

    /// <summary>Reads a legacy request. An error names the field that a chat model cannot serve exactly, or that is wrong.</summary>
    /// <param name="body">The request's body.</param>
    /// <param name="bridge">Which chat model answers for which name.</param>
    /// <param name="request">The request, when there is no error.</param>
    /// <param name="askedModel">The name that the client asked for, when the body has another one since.</param>
    public static GatewayError? Parse(ReadOnlyMemory<byte> body, CompletionBridge bridge, out BridgeRequest? request, string? askedModel = null)
    {
        request = null;
        var reader = new BridgeRequestReader(body.Span, bridge.Options.MaxPrompts);
        try
        {
            if (reader.Read() is { } error)
            {
                return error;
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // The latter is a name that is no Unicode.
            return GatewayErrors.BodyNotJson;
        }

        request = new BridgeRequest(body, reader, bridge.TargetOf(reader.Model!), askedModel);
        return null;
    }

    /// <summary>A prompt as the client wrote it, escaped and without quotes.</summary>
    public ReadOnlySpan<byte> Prompt(int prompt) => JsonText.Inner(_body.Span[_prompts[prompt]]);

    /// <summary>How many bytes of text the model is given with a prompt.</summary>
    public long InputBytes(int prompt) => Prompt(prompt).Length + _target.SystemMessage.Length;

    /// <summary>Writes the chat request for one prompt.</summary>
    /// <param name="prompt">The number of the prompt.</param>
    /// <param name="form">The model to ask for, which a fallback may know under another name than <see cref="Model"/>, and where the maximum stands.</param>
    /// <param name="output">Where to.</param>
    public void WriteChatBody(int prompt, BodyForm form, IBufferWriter<byte> output)
    {
        output.Write("{\"model\":"u8);
        output.Write(form.Model == Model ? _modelJson.Span : JsonPiece.Quoted(form.Model!));
        WriteMaxTokens(isOlder: form.ChatMaxTokensField == ModelFields.MaxTokens, output);
        output.Write(_head.WrittenSpan);
        output.Write(_body.Span[_prompts[prompt]]);
        output.Write("}]}"u8);
    }

    private void WriteMaxTokens(bool isOlder, IBufferWriter<byte> output)
    {
        if (!_target.LeavesOut("max_completion_tokens"u8) && !(isOlder && _target.LeavesOut("max_tokens"u8)))
        {
            output.Write(isOlder ? ",\"max_tokens\":"u8 : ",\"max_completion_tokens\":"u8);
            JsonText.WriteNumber(MaxTokens, output);
        }
    }

    // Everything between the maximum and the prompt, which is the same in all chat requests.
    private void WriteHead(in BridgeRequestReader fields)
    {
        if (HasLogprobs)
        {
            _head.Write(",\"logprobs\":true"u8);
            if (!_target.LeavesOut("top_logprobs"u8))
            {
                _head.Write(",\"top_logprobs\":"u8);
                JsonText.WriteNumber(fields.Logprobs!.Value, _head);
            }
        }

        CopyMembers();
        _head.Write(_target.Set);
        _head.Write(",\"messages\":["u8);
        _head.Write(_target.SystemMessage);
        _head.Write("{\"role\":\"user\",\"content\":"u8);
    }

    private void CopyMembers()
    {
        var body = _body.Span;
        var json = new Utf8JsonReader(body);
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var start = (int)json.TokenStartIndex;
            var isCopied = !BridgeFields.Of(in json).IsRewritten() && !_target.LeavesOut(in json);
            json.Read();
            json.Skip();
            if (isCopied)
            {
                _head.Write(","u8);
                _head.Write(body[start..(int)json.BytesConsumed]);
            }
        }
    }
}
