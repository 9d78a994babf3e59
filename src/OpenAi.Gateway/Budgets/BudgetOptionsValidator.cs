using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

internal sealed partial class BudgetOptionsValidator : IValidateOptions<BudgetOptions>
{
    private const decimal Most = 1_000_000_000;

    public static readonly BudgetOptionsValidator Instance = new();
    private static readonly Annotations DataAnnotations = new();

    public ValidateOptionsResult Validate(string? name, BudgetOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        result.AddResult(DataAnnotations.Validate(null, options));
        if (options.Amount is <= 0 or > Most)
        {
            result.AddError(
                FormattableString.Invariant($"is {options.Amount}. It must be more than 0 and at most {Most}: the money of one Period."), nameof(options.Amount));
        }

        TokenEstimate.Check(options.InputBytesPerToken, nameof(options.InputBytesPerToken), result);
        LimitKeySelector.Check(options.KeySetting, result);
        return result.Build();
    }

    [OptionsValidator]
    private sealed partial class Annotations : IValidateOptions<BudgetOptions>;
}
