using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

internal sealed partial class OpenAiUsageOptionsValidator : IValidateOptions<OpenAiUsageOptions>
{
    // So that the cost of any number of tokens fits into a decimal.
    private const decimal HighestPrice = 1_000_000_000;

    private static readonly Annotations DataAnnotations = new();

    public ValidateOptionsResult Validate(string? name, OpenAiUsageOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        result.AddResult(DataAnnotations.Validate(null, options));
        if (string.IsNullOrEmpty(options.Currency))
        {
            result.AddError("is empty. Write three capital letters, for example \"USD\".", nameof(options.Currency));
        }

        if (options.File is not null && string.IsNullOrWhiteSpace(options.File))
        {
            result.AddError("is empty. Give the path of a file or leave it out.", nameof(options.File));
        }

        foreach (var (model, price) in options.Prices)
        {
            CheckPrice(model, price, result);
        }

        var built = result.Build();
        return built.Failed ? ValidateOptionsResult.Fail(built.Failures.Select(failure => "AddOpenAiUsage: " + failure)) : built;
    }

    private static void CheckPrice(string model, ModelPriceOptions? price, ValidateOptionsResultBuilder result)
    {
        var path = $"{nameof(OpenAiUsageOptions.Prices)}:{model}";
        if (string.IsNullOrWhiteSpace(model))
        {
            result.AddError("has a price without a model. Write the model's name before it.", nameof(OpenAiUsageOptions.Prices));
        }

        if (price is null)
        {
            result.AddError("is empty. Give Input and Output, each for a million tokens.", path);
            return;
        }

        CheckNumbers(path, price.Input, price.CachedInput, price.CacheWriteInput, price.Output, result);
        foreach (var (tier, tierPrice) in price.Tiers)
        {
            var tierPath = $"{path}:{nameof(price.Tiers)}:{tier}";
            if (string.IsNullOrWhiteSpace(tier) || ModelPrice.IsStandard(tier))
            {
                result.AddError("is not a tier with a price of its own. Write the standard price directly below the model.", tierPath);
            }
            else if (tierPrice is null)
            {
                result.AddError("is empty. Give Input and Output, each for a million tokens.", tierPath);
            }
            else
            {
                CheckNumbers(tierPath, tierPrice.Input, tierPrice.CachedInput, tierPrice.CacheWriteInput, tierPrice.Output, result);
            }
        }
    }

    private static void CheckNumbers(
        string path, decimal? input, decimal? cachedInput, decimal? cacheWriteInput, decimal? output, ValidateOptionsResultBuilder result)
    {
        if (input is null)
        {
            result.AddError("is missing. Give the price of a million input tokens; 0 when they are free.", path + ":Input");
        }

        CheckNumber(input, path + ":Input", result);
        CheckNumber(cachedInput, path + ":CachedInput", result);
        CheckNumber(cacheWriteInput, path + ":CacheWriteInput", result);
        CheckNumber(output, path + ":Output", result);
    }

    private static void CheckNumber(decimal? price, string path, ValidateOptionsResultBuilder result)
    {
        if (price is < 0 or > HighestPrice)
        {
            result.AddError("must be between 0 and 1000000000: the price of a million tokens.", path);
        }
    }

    [OptionsValidator]
    private sealed partial class Annotations : IValidateOptions<OpenAiUsageOptions>;
}
