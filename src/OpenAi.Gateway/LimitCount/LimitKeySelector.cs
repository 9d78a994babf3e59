using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>Turns a limit's key setting into a function.</summary>
internal static class LimitKeySelector
{
    /// <returns>The function, or <see langword="null"/> for the default: the consumer, else the address.</returns>
    /// <exception cref="FormatException">The key has an unknown variable.</exception>
    public static Func<HttpContext, string?>? Create(LimitCountOptions options)
    {
        if (options.KeySelector is { } selector)
        {
            return selector;
        }

        if (options.Key is not { Length: > 0 } key)
        {
            return null;
        }

        return options.KeyType switch
        {
            LimitKeyType.Constant => _ => key,
            LimitKeyType.Var when !key.Contains('$', StringComparison.Ordinal) => RequestVariables.Find(key) ?? throw Unknown(key),
            _ => VariableTemplate.Parse(key).Format,
        };
    }

    private static FormatException Unknown(string key) =>
        new($"{VariableTemplate.Unknown(key).Message} For a fixed key, set KeyType to Constant.");
}
