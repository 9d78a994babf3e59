namespace OpenAi.Gateway;

/// <summary>What one consumer took of one model within one hour.</summary>
public sealed record UsageSummaryRow
{
    /// <summary>The beginning of the hour (UTC).</summary>
    public required DateTimeOffset Hour { get; init; }

    /// <summary>The consumer; <see langword="null"/> for nobody, <c>other</c> when there were too many rows.</summary>
    public string? Consumer { get; init; }

    /// <summary>The answered model, else the one that was asked for; <c>other</c> when there were too many rows.</summary>
    public string? Model { get; init; }

    /// <summary>How many calls ended.</summary>
    public long Calls { get; init; }

    /// <summary>Their tokens.</summary>
    public TokenUsage Tokens { get; init; }

    /// <summary>The part of <see cref="Tokens"/> that the gateway estimated, because the upstream's count never came.</summary>
    public TokenUsage EstimatedTokens { get; init; }

    /// <summary>The share of the tokens that is an estimate, from 0 to 1.</summary>
    public double EstimatedShare => Tokens.Total == 0 ? 0 : (double)EstimatedTokens.Total / Tokens.Total;

    /// <summary>What the calls with a price cost, in <see cref="OpenAiUsageOptions.Currency"/>.</summary>
    public decimal Cost { get; init; }

    /// <summary>How many calls are not in <see cref="Cost"/>, because their model has no price or the gateway does not read what they take.</summary>
    public long CallsWithoutCost { get; init; }

    /// <summary>How the calls ended, and how many so.</summary>
    public required IReadOnlyDictionary<UsageEnding, long> Endings { get; init; }
}
