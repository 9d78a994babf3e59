using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace OpenAi.Gateway;

/// <summary>
/// What a request asks a model for: the fields that the gateway acts on, and where they stand in the body. It is changed by edits at those
/// places, so that everything else reaches the upstream as the client wrote it.
/// </summary>
internal sealed class ModelRequest
{
    /// <summary>What the legacy endpoint takes when a request names no maximum.</summary>
    public const int LegacyMaxTokens = 16;

    private static readonly byte[] UsageOption = "\"stream_options\":{\"include_usage\":true},"u8.ToArray();

    private ReadOnlyMemory<byte> _body;
    private bool _isBounded;
    private JsonEdit? _modelEdit;
    private JsonEdit? _usageEdit;

    public ModelOperation Operation { get; private set; }

    /// <summary>The model that the client asked for.</summary>
    public string? AskedModel { get; set; }

    /// <summary>The models that may answer in its place: OpenRouter and LiteLLM take such lists.</summary>
    public List<string>? OtherModels { get; set; }

    /// <summary>The model that the upstream is asked for.</summary>
    public string? Model { get; set; }

    /// <summary>All models that may answer: the one to ask for, or what a bridge or a fallback has in its place, and those that path and lists name.</summary>
    [AllowNull]
    public IReadOnlyList<string?> PossibleModels
    {
        get => field ?? [Model];
        set;
    }

    /// <summary>The service tier that the request asks for.</summary>
    public string? ServiceTier { get; set; }

    public bool IsStream { get; set; }

    /// <summary>Whether the client itself asked for the usage at the end of its stream.</summary>
    public bool ClientAsksForUsage { get; set; }

    /// <summary>Whether the gateway asks for it in the client's stead, and must take out of the answer what that added.</summary>
    public bool GatewayAsksForUsage => _usageEdit is not null;

    /// <summary>Whether the answer comes before the work is done, so that it cannot tell what the work took.</summary>
    public bool IsBackground { get; set; }

    /// <summary>The most tokens that one choice may have, as the request says it; <see langword="null"/> when it does not.</summary>
    public long? MaxOutputTokens { get; set; }

    /// <summary>The field in which the request says <see cref="MaxOutputTokens"/>; <see langword="null"/> when it does not.</summary>
    public string? DeclaredMaxField { get; set; }

    /// <summary>The field to write a maximum into, for messages: the one in which the request says it, else the operation's own.</summary>
    public string? MaxField => DeclaredMaxField ?? Operation.MaxTokensField();

    /// <summary>The field that the route's upstream knows for a chat's maximum.</summary>
    public string? ChatMaxTokensField { get; set; }

    /// <summary>How many answers are generated for one prompt (<c>n</c>, or <c>best_of</c> if larger).</summary>
    public int Choices { get; set; } = 1;

    /// <summary>How many prompts there are, each with its own answers.</summary>
    public int Prompts { get; set; } = 1;

    /// <summary>An upper bound of the input's tokens; see <see cref="InputSize"/>.</summary>
    public long InputBytes { get; set; }

    /// <summary>Why another reader might understand the request differently; whoever acts on its fields must refuse it then.</summary>
    public GatewayError? Doubt { get; set; }

    /// <summary>The body as the client sent it.</summary>
    public ReadOnlySpan<byte> Body => _body.Span;

    public JsonMember? ModelMember { get; set; }

    /// <summary>Where the operation's own field for a maximum stands; of a chat's two fields the newer one, <c>max_completion_tokens</c>.</summary>
    public JsonMember? MaxTokensMember { get; set; }

    /// <summary>Where a chat's older field for it stands, <c>max_tokens</c>.</summary>
    public JsonMember? OlderMaxTokensMember { get; set; }

    public JsonMember? StreamMember { get; set; }

    public JsonMember? StreamOptionsMember { get; set; }

    public JsonMember? IncludeUsageMember { get; set; }

    /// <summary>Begins with another body; nothing stays of the one before.</summary>
    public void Begin(ModelOperation operation, ReadOnlyMemory<byte> body)
    {
        Clear();
        (Operation, _body) = (operation, body);
    }

    /// <summary>Forgets what the request was.</summary>
    public void Clear()
    {
        (Operation, _body) = (ModelOperation.Other, default);
        (_isBounded, _modelEdit, _usageEdit, ChatMaxTokensField) = (false, null, null, null);
        (AskedModel, OtherModels, Model, PossibleModels) = (null, null, null, null);
        (IsStream, ClientAsksForUsage, IsBackground) = (false, false, false);
        (MaxOutputTokens, DeclaredMaxField) = (null, null);
        (Choices, Prompts, InputBytes) = (1, 1, 0);
        (ModelMember, MaxTokensMember, OlderMaxTokensMember, StreamMember, StreamOptionsMember, IncludeUsageMember) = (null, null, null, null, null, null);
        (ServiceTier, Doubt) = (null, null);
    }

    /// <summary>The most tokens that all answers together may have when each has at most this many.</summary>
    public long OutputTokensOfAll(long tokensOfOne) => Operation == ModelOperation.Embeddings
        ? 0
        : (long)Int128.Min((Int128)tokensOfOne * Choices * Prompts, long.MaxValue);

    /// <summary>Whether the body to send differs from the client's.</summary>
    public bool IsEdited => IsEditedIn(Form);

    /// <summary>Whether the body in a form differs from the client's.</summary>
    public bool IsEditedIn(BodyForm form) => IsBoundedIn(form) || ModelEditIn(form) is not null || (form.AsksForUsage && _usageEdit is not null);

    /// <summary>The form of the body for the route's upstream. Others may get it in another one.</summary>
    public BodyForm Form => new(Model, GatewayAsksForUsage, _isBounded ? ChatMaxTokensField : null);

    /// <summary>
    /// Whether one stored answer can serve this request as JSON and as a stream alike. A stream without the usage at its end cannot.
    /// </summary>
    public bool HasBothForms => Operation.TellsUsageOnRequest() && (!IsStream || ClientAsksForUsage || GatewayAsksForUsage);

    /// <summary>Asks the upstream for another model.</summary>
    public void UseModel(string model)
    {
        Model = model;
        _modelEdit = EditOf(model);
    }

    /// <summary>Bounds each answer to this many tokens, in the field that the upstream reads: a maximum of the client's own may stand in another one.</summary>
    public void UseMaxOutputTokens(long tokens) => (MaxOutputTokens, _isBounded) = (tokens, true);

    /// <summary>Asks for the usage at the end of the stream; other stream options stay.</summary>
    public void AskForUsage()
    {
        if (IncludeUsageMember is { } asked)
        {
            _usageEdit = asked.Replacement("true"u8.ToArray());
        }
        else if (StreamOptionsMember is not { } options)
        {
            _usageEdit = new JsonEdit(FirstMember, 0, UsageOption);
        }
        else if (Body[options.ValueStart] != (byte)'{')
        {
            _usageEdit = options.Replacement("{\"include_usage\":true}"u8.ToArray());
        }
        else
        {
            var isEmpty = Body[(options.ValueStart + 1)..].TrimStart(JsonSearch.Whitespace) is [(byte)'}', ..];
            _usageEdit = new JsonEdit(options.ValueStart + 1, 0, isEmpty ? "\"include_usage\":true"u8.ToArray() : "\"include_usage\":true,"u8.ToArray());
        }
    }

    /// <summary>The body to send, whose memory the caller gives back.</summary>
    public RequestBody ToBody() => ToBody(Form);

    /// <summary>The body in another form, whose memory the caller gives back.</summary>
    public RequestBody ToBody(BodyForm form)
    {
        var writer = new PooledBytes(_body.Length + 256);
        JsonEdit.Write(Body, EditsFor(form), writer);
        return writer.ToBody();
    }

    /// <summary>The edits that bring the client's body into a form.</summary>
    public List<JsonEdit> EditsFor(BodyForm form)
    {
        List<JsonEdit> edits = [];
        if (IsBoundedIn(form))
        {
            edits.Add(BoundIn(form));
        }

        if (ModelEditIn(form) is { } model)
        {
            edits.Add(model);
        }

        if (form.AsksForUsage && _usageEdit is { } usage)
        {
            edits.Add(usage);
        }

        return edits;
    }

    private bool IsEmpty => Body[FirstMember..].TrimStart(JsonSearch.Whitespace) is [(byte)'}', ..];

    // Right behind the opening brace.
    private int FirstMember => Body.IndexOf((byte)'{') + 1;

    // A maximum of the client's own stays as it is, if it stands where the upstream reads it.
    private bool IsBoundedIn(BodyForm form) => _isBounded && (IsOlderFieldIn(form) ? !IsDeclared(OlderMaxTokensMember) : DeclaredMaxField is null);

    private bool IsOlderFieldIn(BodyForm form) => Operation == ModelOperation.ChatCompletions && form.ChatMaxTokensField == ModelFields.MaxTokens;

    // The newer field makes room for the older one, if the upstream knows that one only: it would bound nothing.
    private JsonEdit BoundIn(BodyForm form)
    {
        var isOlder = IsOlderFieldIn(form);
        if ((isOlder ? OlderMaxTokensMember : MaxTokensMember) is { } member)
        {
            return member.Replacement(Encoding.UTF8.GetBytes($"{MaxOutputTokens}"));
        }

        var bound = $"\"{(isOlder ? ModelFields.MaxTokens : Operation.MaxTokensField())}\":{MaxOutputTokens}";
        return isOlder && MaxTokensMember is { } newer
            ? new JsonEdit(newer.Start, newer.End - newer.Start, Encoding.UTF8.GetBytes(bound))
            : new JsonEdit(FirstMember, 0, Encoding.UTF8.GetBytes(IsEmpty ? bound : bound + ","));
    }

    private bool IsDeclared(JsonMember? member) => member is { } one && Body[one.ValueStart] != (byte)'n';

    private JsonEdit? ModelEditIn(BodyForm form) => form.Model == Model ? _modelEdit : EditOf(form.Model);

    private JsonEdit? EditOf(string? model) => model is null ? null : ModelMember?.Replacement(JsonPiece.Quoted(model));
}
