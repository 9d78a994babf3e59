using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

/// <summary>Turns a limit's key setting into a function.</summary>
internal static class LimitKeySelector
{
    /// <returns>The function, or <see langword="null"/> for the default: the consumer, else the address.</returns>
    /// <exception cref="FormatException">The key has an unknown variable.</exception>
    public static Func<GatewayRequest, string?>? Create(in LimitKeySetting setting)
    {
        if (setting.Selector is { } selector)
        {
            return request => selector(request.Context);
        }

        if (setting.Key is not { Length: > 0 } key)
        {
            return null;
        }

        return setting.Type switch
        {
            LimitKeyType.Constant => _ => key,
            LimitKeyType.Var when !key.Contains('$', StringComparison.Ordinal) => RequestVariables.Find(key) ?? throw Unknown(key),
            _ => Combination(key).Format,
        };
    }

    // Who forgot the "$" would count all callers as one.
    private static VariableTemplate Combination(string key) => VariableTemplate.Parse(key) is { IsLiteral: false } template
        ? template
        : throw new FormatException($"'{key}' has no variable in it, such as $remote_addr. For one counter for all requests, set KeyType to Constant.");

    /// <summary>Adds what is wrong with a setting.</summary>
    public static void Check(in LimitKeySetting setting, ValidateOptionsResultBuilder result)
    {
        if (setting.Key is "" || setting.Group is "")
        {
            result.AddError("is empty. Give a value or leave it out.", setting.Key is "" ? nameof(setting.Key) : nameof(setting.Group));
        }

        try
        {
            Create(setting);
        }
        catch (FormatException error)
        {
            result.AddError(error.Message, nameof(setting.Key));
        }
    }

    private static FormatException Unknown(string key) =>
        new($"{VariableTemplate.Unknown(key).Message} For a fixed key, set KeyType to Constant.");
}
