using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

/// <summary>The checks that the features' options share.</summary>
internal static class OptionsCheck
{
    // The longest delay that .NET's timers take.
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    // RangeAttribute over TimeSpan is not safe for trimming (IL2026), so times are checked by hand.
    public static void Positive(TimeSpan value, string name, ValidateOptionsResultBuilder result)
    {
        if (value <= TimeSpan.Zero || value > Longest)
        {
            result.AddError($"is {value}. It must be longer than zero and at most {Longest.Days} days.", name);
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
            throw new InvalidOperationException($"The configuration section '{named.Path}' does not exist. Add it, or correct its name.");
        }
    }

    public static string PathOf(IConfiguration section) => (section as IConfigurationSection)?.Path ?? "";

    /// <summary>Unknown names are refused, so that a misspelt setting does not silently keep its default.</summary>
    public static void Strict(BinderOptions binder) => binder.ErrorOnUnknownConfiguration = true;
}
