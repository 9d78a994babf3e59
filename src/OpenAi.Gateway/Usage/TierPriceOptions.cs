namespace OpenAi.Gateway;

/// <summary>What the tokens of a model cost in a service tier, each price for a million tokens.</summary>
public sealed class TierPriceOptions
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
    /// <value>The default is <see langword="null"/>: a call with output has no cost.</value>
    public decimal? Output { get; set; }
}
