namespace OpenAi.Gateway;

/// <summary>What a million tokens cost.</summary>
/// <param name="Input">Of input.</param>
/// <param name="CachedInput">Of input that was read from the upstream's prompt cache.</param>
/// <param name="Output">Of output; <see langword="null"/> when the model has none.</param>
internal sealed record TokenPrice(decimal Input, decimal CachedInput, decimal? Output)
{
    private const decimal Unit = 1_000_000;

    /// <summary>What tokens cost; <see langword="null"/> when there is output, but no price of it.</summary>
    public decimal? Cost(in TokenUsage usage)
    {
        if (usage.Output > 0 && Output is null)
        {
            return null;
        }

        // An upstream that counts more cached tokens than tokens must not make the others cheaper than free.
        var cached = Math.Clamp(usage.CachedInput, 0, Math.Max(0, usage.Input));
        return (((usage.Input - cached) * Input) + (cached * CachedInput) + (usage.Output * Output.GetValueOrDefault())) / Unit;
    }
}
