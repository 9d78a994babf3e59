namespace OpenAi.Gateway;

/// <summary>The sums of one row of the summary, while it grows.</summary>
internal sealed class UsageTotals(DateTimeOffset hour, string? consumer, string? model)
{
    private readonly long[] _endings = new long[Enum.GetValues<UsageEnding>().Length];
    private long _calls;
    private long _callsWithoutCost;
    private decimal _cost;
    private TokenUsage _tokens;
    private TokenUsage _estimated;

    public void Add(UsageRecord record)
    {
        _calls++;
        _tokens += record.Usage;
        _estimated += record.IsEstimated ? record.Usage : default;
        _cost += record.Cost.GetValueOrDefault();
        _callsWithoutCost += record.Cost is null ? 1 : 0;
        _endings[(int)record.Ending]++;
    }

    /// <summary>The row as it is now.</summary>
    public UsageSummaryRow ToRow() => new()
    {
        Hour = hour,
        Consumer = consumer,
        Model = model,
        Calls = _calls,
        Tokens = _tokens,
        EstimatedTokens = _estimated,
        Cost = _cost,
        CallsWithoutCost = _callsWithoutCost,
        Endings = Enum.GetValues<UsageEnding>().Where(ending => _endings[(int)ending] > 0).ToDictionary(ending => ending, ending => _endings[(int)ending]),
    };
}
