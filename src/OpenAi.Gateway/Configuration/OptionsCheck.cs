using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

/// <summary>The checks that the features' options share.</summary>
internal static class OptionsCheck
{
    // The longest delay that .NET's timers take.
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    // RangeAttribute over TimeSpan is not safe for trimming (IL2026), so times are checked by hand.
    public static void Positive(TimeSpan value, string name, ValidateOptionsResultBuilder result, TimeSpan? atMost = null)
    {
        var longest = atMost ?? Longest;
        if (value <= TimeSpan.Zero || value > longest)
        {
            result.AddError($"is {value}. It must be longer than zero and at most {longest.Days} days.", name);
        }
    }

    /// <summary>Returns the options when they are right.</summary>
    /// <exception cref="OptionsValidationException">They are not; the message names the settings and the remedies.</exception>
    public static TOptions Valid<TOptions>(string name, TOptions options, IValidateOptions<TOptions> validator)
        where TOptions : class
    {
        var result = validator.Validate(name, options);
        return result.Failed
            ? throw new OptionsValidationException(name, typeof(TOptions), result.Failures.Select(failure => $"{name}: {failure}"))
            : options;
    }

    /// <summary>Checks that the section is there.</summary>
    /// <exception cref="InvalidOperationException">It is not; the message names it.</exception>
    public static void Exists(IConfiguration section)
    {
        if (section is IConfigurationSection named && !named.Exists())
        {
            throw new InvalidOperationException($"The configuration section '{named.Path}' does not exist, or has no member. Add it, or correct its name.");
        }
    }

    /// <summary>Checks that no name of a map has a colon: the binder would pass over it without a word.</summary>
    /// <param name="map">The map's section.</param>
    /// <param name="code">The beginning of the code that sets such a name, up to the map.</param>
    /// <exception cref="InvalidOperationException">One has; the message names it and the remedy.</exception>
    public static void NoColons(IConfigurationSection map, string code)
    {
        if (map.GetChildren().FirstOrDefault(child => child.GetChildren().Any()) is { } name)
        {
            while (name.GetChildren().FirstOrDefault() is { } longer)
            {
                name = longer;
            }

            throw new InvalidOperationException(
                $"{name.Path}: a colon separates the keys of configuration, so that no name of a model can have one there. "
                + $"Write this name in code, with {code}[\"{name.Path[(map.Path.Length + 1)..]}\"] = …).");
        }
    }

    public static string PathOf(IConfiguration section) => (section as IConfigurationSection)?.Path ?? "";

    /// <summary>Unknown names are refused, so that a misspelt setting does not silently keep its default.</summary>
    public static void Strict(BinderOptions binder) => binder.ErrorOnUnknownConfiguration = true;
}
