using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

internal sealed partial class LimitTokensOptionsValidator : IValidateOptions<LimitTokensOptions>
{
    public static readonly LimitTokensOptionsValidator Instance = new();
    private static readonly Annotations DataAnnotations = new();

    public ValidateOptionsResult Validate(string? name, LimitTokensOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        result.AddResult(DataAnnotations.Validate(null, options));
        OptionsCheck.Positive(options.TimeWindow, nameof(options.TimeWindow), result);
        TokenEstimate.Check(options.InputBytesPerToken, nameof(options.InputBytesPerToken), result);
        LimitKeySelector.Check(options.KeySetting, result);
        return result.Build();
    }

    [OptionsValidator]
    private sealed partial class Annotations : IValidateOptions<LimitTokensOptions>;
}
