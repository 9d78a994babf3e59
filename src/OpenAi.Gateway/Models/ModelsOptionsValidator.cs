using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

internal sealed partial class ModelsOptionsValidator : IValidateOptions<ModelsOptions>
{
    public static readonly ModelsOptionsValidator Instance = new();
    private static readonly Annotations DataAnnotations = new();

    public ValidateOptionsResult Validate(string? name, ModelsOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        result.AddResult(DataAnnotations.Validate(null, options));
        ModelNames.Check(options.AllowedModels, nameof(options.AllowedModels), result);
        foreach (var (alias, model) in options.Aliases)
        {
            if (string.IsNullOrWhiteSpace(alias))
            {
                result.AddError("has an empty name. Give the name that clients shall use.", nameof(options.Aliases));
            }

            // The name goes into a header, too.
            if (string.IsNullOrWhiteSpace(model) || !model.All(letter => letter is > ' ' and <= '~'))
            {
                result.AddError($"'{alias}' leads to '{model}'. Give the upstream's name of a model, in printable ASCII without spaces.", nameof(options.Aliases));
            }
        }

        return result.Build();
    }

    [OptionsValidator]
    private sealed partial class Annotations : IValidateOptions<ModelsOptions>;
}
