namespace OpenAi.Gateway;

/// <summary>
/// Reads from the bytes of one upstream's answer, while they pass, what it tells of itself and its tokens. Whatever the bytes are, it does
/// not throw.
/// </summary>
internal sealed class AnswerMeter : IDisposable
{
    private readonly AnswerReader _answer;
    private readonly SseParser? _parser;
    private readonly EventReader? _events;
    private readonly TimeProvider _time;
    private JsonBodyReader? _body;

    /// <param name="operation">What was asked for.</param>
    /// <param name="isEventStream">Whether the answer is an event stream.</param>
    /// <param name="isTraced">Whether a span will tell of it.</param>
    /// <param name="time">For the time of the first text.</param>
    public AnswerMeter(ModelOperation operation, bool isEventStream, bool isTraced, TimeProvider time)
    {
        _time = time;
        _answer = new AnswerReader(isTraced, hasOutput: operation != ModelOperation.Embeddings);
        if (isEventStream)
        {
            _parser = new SseParser();
            _events = new EventReader(_answer, operation);
        }
    }

    /// <summary>The usage that the upstream reported last; <see langword="null"/> when it reported none that could be read.</summary>
    public TokenUsage? Reported => _answer.Usage;

    /// <summary>
    /// Whether <see cref="Reported"/> is what had come up to some event, so that more may follow: some servers tell it with each piece of text.
    /// </summary>
    public bool IsUsageInterim => _events?.IsUsageInterim ?? false;

    /// <summary>The model that answered.</summary>
    public string? Model => _answer.Model;

    /// <summary>The tier that the upstream charges.</summary>
    public string? ServiceTier => _answer.ServiceTier;

    /// <summary>Whether it told an error, in spite of its status.</summary>
    public bool HasError => _answer.HasError;

    /// <summary>The answer's own identifier; read for a span only.</summary>
    public string? Id => _answer.Id;

    /// <summary>
    /// Why the choices ended, each reason once; for the responses API the status, and why it is incomplete. Read for a span only.
    /// </summary>
    public IReadOnlyList<string> FinishReasons => _answer.FinishReasons;

    /// <summary>How many events with generated text came. An estimate is made of it when no usage was reported.</summary>
    public long OutputEvents => _events?.TextEvents ?? 0;

    /// <summary>How many bytes of generated text came, in a stream or not. An estimate is made of it when no usage was reported.</summary>
    public long OutputBytes => _answer.TextBytes;

    public bool IsEventStream => _events is not null;

    /// <summary>The time now, as a timestamp.</summary>
    public long Now => _time.GetTimestamp();

    /// <summary>When the first event with generated text came.</summary>
    public long? FirstTokenAt { get; private set; }

    /// <summary>Reads an answer that has come in one piece.</summary>
    public void ReadWhole(ReadOnlySpan<byte> answer)
    {
        // Of a traced one, what stands between its ends is wanted, too: why it ended.
        if (_events is not null || _answer.IsTraced || !WholeAnswer.TryRead(answer, _answer))
        {
            Append(answer);
        }
    }

    /// <summary>Reads the next bytes of an answer.</summary>
    /// <param name="bytes">Whatever has come.</param>
    /// <param name="cameAt">When they came; <see langword="null"/> for now.</param>
    public void Append(ReadOnlySpan<byte> bytes, long? cameAt = null)
    {
        if (_parser is null)
        {
            _body ??= new JsonBodyReader(_answer);
            _body.Append(bytes);
            return;
        }

        while (_parser.TryRead(ref bytes, out var found))
        {
            _events!.Read(found.Name, found.Data);
        }

        NoteFirstToken(cameAt);
    }

    /// <summary>Says that there are no more bytes: the last event may lack its blank line.</summary>
    public void Complete()
    {
        if (_parser is not null && _parser.TryReadRest(out var last))
        {
            _events!.Read(last.Name, last.Data);
        }

        NoteFirstToken(null);
    }

    public void Dispose()
    {
        _parser?.Dispose();
        _body?.Dispose();
    }

    private void NoteFirstToken(long? at)
    {
        if (FirstTokenAt is null && OutputEvents > 0)
        {
            FirstTokenAt = at ?? Now;
        }
    }
}
