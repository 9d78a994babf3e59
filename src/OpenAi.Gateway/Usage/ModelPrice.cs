namespace OpenAi.Gateway;

/// <summary>What the tokens of a model cost, in each of its service tiers.</summary>
internal sealed class ModelPrice
{
    // OpenAI's newer name, which requests and price lists may use; answers still have the older one.
    private const string Fast = "fast";
    private const string Priority = "priority";

    private readonly TokenPrice _standard;
    private readonly Dictionary<string, TokenPrice> _tiers = new(StringComparer.OrdinalIgnoreCase);

    public ModelPrice(ModelPriceOptions options)
    {
        _standard = Price(options.Input, options.CachedInput, options.CacheWriteInput, options.Output);
        foreach (var (tier, price) in options.Tiers)
        {
            _tiers[tier] = Price(price.Input, price.CachedInput, price.CacheWriteInput, price.Output);
        }
    }

    /// <summary>Whether a tier is charged at the model's own price: none, or what an upstream says that has no other.</summary>
    public static bool IsStandard(string? tier) => tier is null or ""
        || tier.Equals("default", StringComparison.OrdinalIgnoreCase)
        || tier.Equals("auto", StringComparison.OrdinalIgnoreCase);

    /// <summary>The price in a tier; <see langword="null"/> when it is not known.</summary>
    public TokenPrice? In(string? tier) => IsStandard(tier) ? _standard
        : _tiers.TryGetValue(tier!, out var price) ? price
        : tier!.Equals(Fast, StringComparison.OrdinalIgnoreCase) ? _tiers.GetValueOrDefault(Priority)
        : tier.Equals(Priority, StringComparison.OrdinalIgnoreCase) ? _tiers.GetValueOrDefault(Fast)
        : null;

    private static TokenPrice Price(decimal? input, decimal? cachedInput, decimal? cacheWriteInput, decimal? output) =>
        new(input.GetValueOrDefault(), cachedInput ?? input.GetValueOrDefault(), cacheWriteInput ?? input.GetValueOrDefault(), output);
}
