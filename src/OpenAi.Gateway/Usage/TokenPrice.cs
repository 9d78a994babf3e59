namespace OpenAi.Gateway;

/// <summary>What a million tokens cost.</summary>
/// <param name="Input">Of input.</param>
/// <param name="CachedInput">Of input that was read from the upstream's prompt cache.</param>
/// <param name="CacheWriteInput">Of input that was written to the upstream's prompt cache.</param>
/// <param name="Output">Of output; <see langword="null"/> when the model has none.</param>
internal sealed record TokenPrice(decimal Input, decimal CachedInput, decimal CacheWriteInput, decimal? Output)
{
    private const decimal Unit = 1_000_000;

    /// <summary>What tokens cost; <see langword="null"/> when there is output, but no price of it.</summary>
    public decimal? Cost(in TokenUsage usage)
    {
        // An upstream that counts more cached tokens than tokens must not make the others cheaper than free.
        var cached = Math.Clamp(usage.CachedInput, 0, Math.Max(0, usage.Input));
        var written = Math.Clamp(usage.CacheWriteInput, 0, Math.Max(0, usage.Input - cached));
        return Sum(((usage.Input - cached - written) * Input) + (cached * CachedInput) + (written * CacheWriteInput), usage.Output);
    }

    /// <summary>The most that tokens may cost, whatever the upstream's prompt cache has to do with them.</summary>
    public decimal? Most(in TokenUsage usage) => Sum(usage.Input * Math.Max(Input, Math.Max(CachedInput, CacheWriteInput)), usage.Output);

    private decimal? Sum(decimal input, long output) => output > 0 && Output is null ? null : (input + (output * Output.GetValueOrDefault())) / Unit;
}
