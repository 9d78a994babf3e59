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
        if (options.Key is "" || options.Group is "")
        {
            result.AddError("is empty. Give a value or leave it out.", options.Key is "" ? nameof(options.Key) : nameof(options.Group));
        }

        try
        {
            LimitKeySelector.Create(options);
        }
        catch (FormatException error)
        {
            result.AddError(error.Message, nameof(options.Key));
        }

        return result.Build();
    }

    [OptionsValidator]
    private sealed partial class Annotations : IValidateOptions<LimitCountOptions>;
}
