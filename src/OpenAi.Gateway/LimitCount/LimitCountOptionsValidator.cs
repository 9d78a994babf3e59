using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

internal sealed partial class LimitCountOptionsValidator : IValidateOptions<LimitCountOptions>
{
    public static readonly LimitCountOptionsValidator Instance = new();
    private static readonly Annotations DataAnnotations = new();

    public ValidateOptionsResult Validate(string? name, LimitCountOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        result.AddResult(DataAnnotations.Validate(null, options));
        OptionsCheck.Positive(options.TimeWindow, nameof(options.TimeWindow), result);
        LimitKeySelector.Check(options.KeySetting, result);
        return result.Build();
    }

    [OptionsValidator]
    private sealed partial class Annotations : IValidateOptions<LimitCountOptions>;
}
