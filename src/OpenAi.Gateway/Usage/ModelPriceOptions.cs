namespace OpenAi.Gateway;

/// <summary>What the tokens of a model cost, each price for a million tokens.</summary>
public sealed class ModelPriceOptions
{
    /// <summary>The price of a million input tokens. Required.</summary>
    public decimal? Input { get; set; }

    /// <summary>The price of a million input tokens that the upstream read from its prompt cache.</summary>
    /// <value>The default is <see langword="null"/>: as <see cref="Input"/>.</value>
    public decimal? CachedInput { get; set; }

    /// <summary>The price of a million input tokens that the upstream wrote to its prompt cache.</summary>
    /// <value>The default is <see langword="null"/>: as <see cref="Input"/>.</value>
    public decimal? CacheWriteInput { get; set; }

    /// <summary>The price of a million output tokens, hidden reasoning included.</summary>
    /// <value>The default is <see langword="null"/>: a call with output has no cost. Leave it out only for models without output, such as embeddings.</value>
    public decimal? Output { get; set; }

    /// <summary>
    /// Prices of other service tiers, such as <c>flex</c> or <c>priority</c>. A call that the upstream answered in a tier that is not named here
    /// has no cost: the standard price would not be the truth.
    /// </summary>
    public IDictionary<string, TierPriceOptions> Tiers { get; } = new Dictionary<string, TierPriceOptions>(StringComparer.OrdinalIgnoreCase);
}
