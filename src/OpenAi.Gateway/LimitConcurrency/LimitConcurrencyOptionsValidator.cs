using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

internal sealed partial class LimitConcurrencyOptionsValidator : IValidateOptions<LimitConcurrencyOptions>
{
    public static readonly LimitConcurrencyOptionsValidator Instance = new();
    private static readonly Annotations DataAnnotations = new();

    public ValidateOptionsResult Validate(string? name, LimitConcurrencyOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        result.AddResult(DataAnnotations.Validate(null, options));
        OptionsCheck.Positive(options.QueueTimeout, nameof(options.QueueTimeout), result);
        LimitKeySelector.Check(options.KeySetting, result);
        return result.Build();
    }

    [OptionsValidator]
    private sealed partial class Annotations : IValidateOptions<LimitConcurrencyOptions>;
}
