namespace OpenAi.Gateway;

/// <summary>What one call of a client took, told once when it has ended. Holds no content and no credentials.</summary>
public sealed record UsageRecord
{
    private decimal? _cost;
    private string? _currency;

    /// <summary>The call's own identifier, unique for all time.</summary>
    public required Guid Id { get; init; }

    /// <summary>When the call ended (UTC).</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The consumer, else the name of the user whom the app authenticated; <see langword="null"/> for nobody.</summary>
    public string? Consumer { get; init; }

    /// <summary>The route's pattern.</summary>
    public required string Route { get; init; }

    /// <summary>The upstream that was asked last; without one, the route's.</summary>
    public required string Upstream { get; init; }

    /// <summary>The address of the node that was asked last, or <see langword="null"/> when none was.</summary>
    public string? Node { get; init; }

    /// <summary>What was asked for.</summary>
    public ModelOperation Operation { get; init; }

    /// <summary>The model that the client named.</summary>
    public string? AskedModel { get; init; }

    /// <summary>The model that the upstream was asked for, behind aliases, the bridge and fallbacks.</summary>
    public string? SentModel { get; init; }

    /// <summary>The model that the upstream says it answered with.</summary>
    public string? AnsweredModel { get; init; }

    /// <summary>The tokens that the call is charged for: 0 for an answer from the cache, for a follower and for a refused call.</summary>
    public TokenUsage Usage { get; init; }

    /// <summary>
    /// Whether <see cref="Usage"/> is an estimate, because the upstream was asked and its own count never came: of an answer, or of an attempt
    /// that timed out or broke off before another one answered. Otherwise it is what the upstream reported.
    /// </summary>
    public bool IsEstimated { get; init; }

    /// <summary>Whether the answer was an event stream.</summary>
    public bool IsStreamed { get; init; }

    /// <summary>How the call ended.</summary>
    public UsageEnding Ending { get; init; }

    /// <summary>The status that the client got; 499 when it left before.</summary>
    public int Status { get; init; }

    /// <summary>How often an upstream was asked, retries, fallbacks and parallel calls included.</summary>
    public int Attempts { get; init; }

    /// <summary>The time from the gateway's first stage to the first generated text; <see langword="null"/> when it was no stream or none came.</summary>
    public TimeSpan? TimeToFirstToken { get; init; }

    /// <summary>The time from the gateway's first stage to the end.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>The service tier that the upstream charges, as its answer says.</summary>
    public string? ServiceTier { get; init; }

    /// <summary>
    /// What the tokens cost by the price table, in <see cref="Currency"/>; <see langword="null"/> when the table has no price for the model, or the
    /// gateway does not read what such a call takes, as of one that makes an image.
    /// </summary>
    public decimal? Cost
    {
        get => _cost;
        init => _cost = value;
    }

    /// <summary>The currency of <see cref="Cost"/> (ISO 4217); <see langword="null"/> when there is no cost.</summary>
    public string? Currency
    {
        get => _currency;
        init => _currency = value;
    }

    /// <summary>What each upstream call took when the request had several; else <see langword="null"/>.</summary>
    internal IReadOnlyList<CallUsage>? Calls { get; init; }

    /// <summary>Whether the upstream did something of which the gateway does not know what it takes.</summary>
    internal bool IsUnread { get; init; }

    /// <summary>Puts the price on a record that nobody else has seen yet, which costs no second record.</summary>
    internal void SetCost(decimal cost, string currency) => (_cost, _currency) = (cost, currency);
}
