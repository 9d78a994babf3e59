namespace OpenAi.Gateway;

/// <summary>
/// What the upstream calls of one request took. There is usually one; those of a request with several prompts run at the same time, and
/// each counts once.
/// </summary>
internal sealed class RequestUsage
{
    // Fits English text. What it is used for is flagged as an estimate.
    private const int BytesPerToken = 4;

    private readonly Lock _lock = new();
    private List<CallUsage>? _calls;
    private string? _firstSent;

    public TokenUsage Tokens { get; private set; }

    /// <summary>Whether a part of <see cref="Tokens"/> was not reported by an upstream.</summary>
    public bool IsEstimated { get; private set; }

    /// <summary>Whether a part of <see cref="Tokens"/> is the gateway's own guess.</summary>
    public bool IsGuessed { get; private set; }

    /// <summary>What each call took when there was more than one; else <see langword="null"/>.</summary>
    public IReadOnlyList<CallUsage>? Calls => _calls;

    public string? SentModel { get; set; }

    public string? AnsweredModel { get; private set; }

    public string? ServiceTier { get; private set; }

    public string? ResponseId { get; private set; }

    public IReadOnlyList<string> FinishReasons { get; private set; } = [];

    public bool IsStreamed { get; private set; }

    /// <summary>Whether an upstream began an answer that is no error.</summary>
    public bool HasAnswer { get; private set; }

    /// <summary>Whether such an answer told an error all the same.</summary>
    public bool HasInBandError { get; private set; }

    /// <summary>When the first generated text came.</summary>
    public long? FirstTokenAt { get; private set; }

    /// <summary>Whether the client left before it had all of its answer.</summary>
    public bool HasClientLeft { get; private set; }

    /// <summary>Whether the app's own time for the request ran out.</summary>
    public bool HasTimedOut { get; private set; }

    /// <summary>Adds what an answer told of itself; called once for each call, when its answer has ended.</summary>
    /// <param name="answer">What was read of it.</param>
    /// <param name="sentModel">The model that the call asked for.</param>
    /// <param name="inputBytes">How many bytes of input the call was asked with, for an answer that does not tell its usage.</param>
    /// <param name="isWhole">Whether it reached its end.</param>
    public void Add(AnswerMeter answer, string? sentModel, long inputBytes, bool isWhole)
    {
        lock (_lock)
        {
            var tokens = answer.Reported ?? Estimate(answer, inputBytes);
            if (HasAnswer)
            {
                _calls ??= [new CallUsage(Tokens, AnsweredModel, _firstSent, ServiceTier)];
                _calls.Add(new CallUsage(tokens, answer.Model, sentModel, answer.ServiceTier));
            }

            HasAnswer = true;
            _firstSent ??= sentModel;
            HasInBandError |= answer.HasError;
            IsStreamed |= answer.IsEventStream;
            AnsweredModel ??= answer.Model;
            ServiceTier ??= answer.ServiceTier;
            ResponseId ??= answer.Id;
            FinishReasons = FinishReasons.Count == 0 ? answer.FinishReasons : FinishReasons;
            FirstTokenAt = FirstTokenAt < answer.FirstTokenAt ? FirstTokenAt : answer.FirstTokenAt ?? FirstTokenAt;
            Tokens += tokens;
            IsGuessed |= answer.Reported is null;
            IsEstimated |= IsGuessed || (!isWhole && answer.IsUsageInterim);
        }
    }

    /// <summary>Notes that no answer came: an upstream that was reached may have worked all the same.</summary>
    public void AddFailure(GatewayError error)
    {
        lock (_lock)
        {
            IsEstimated |= error == GatewayErrors.UpstreamTimeout || error == GatewayErrors.UpstreamBroken;
        }
    }

    /// <summary>Notes that the client left: an upstream that was asked may have worked all the same.</summary>
    /// <param name="attempts">How often one was asked.</param>
    /// <param name="hasTimedOut">Whether it was not the client but the app's own time limit.</param>
    public void AddAbandoned(int attempts, bool hasTimedOut)
    {
        lock (_lock)
        {
            HasClientLeft |= !hasTimedOut;
            HasTimedOut |= hasTimedOut;
            IsEstimated |= attempts > 0 && !HasAnswer;
        }
    }

    /// <summary>Forgets what the request took.</summary>
    public void Clear()
    {
        (Tokens, FirstTokenAt, FinishReasons) = (default, null, []);
        (SentModel, AnsweredModel, ServiceTier, ResponseId, _calls, _firstSent) = (null, null, null, null, null, null);
        (IsEstimated, IsGuessed, IsStreamed, HasAnswer, HasInBandError, HasClientLeft, HasTimedOut) = (false, false, false, false, false, false, false);
    }

    private static TokenUsage Estimate(AnswerMeter answer, long inputBytes) => new(
        (inputBytes + BytesPerToken - 1) / BytesPerToken,
        Math.Max(answer.OutputEvents, (answer.OutputBytes + BytesPerToken - 1) / BytesPerToken));
}
