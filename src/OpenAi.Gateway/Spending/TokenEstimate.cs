using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

/// <summary>How many tokens a request may take, before it is known how many it took.</summary>
internal sealed class TokenEstimate(double inputBytesPerToken, long defaultMaxOutputTokens, WhenMaxUnknown whenMaxUnknown)
{
    /// <summary>The maximum to write into a request that has none; <see langword="null"/> to leave it as it is.</summary>
    public long? Cap => whenMaxUnknown == WhenMaxUnknown.InjectCap ? defaultMaxOutputTokens : null;

    public TokenUsage Of(ModelRequest model) => new(
        (long)Math.Ceiling(model.InputBytes / inputBytesPerToken),
        model.OutputTokensOfAll(model.MaxOutputTokens ?? defaultMaxOutputTokens));

    /// <summary>Adds what is wrong with a number of bytes per token.</summary>
    public static void Check(double bytesPerToken, string property, ValidateOptionsResultBuilder result)
    {
        const int Most = 16;
        if (!(bytesPerToken is >= 1 and <= Most))
        {
            result.AddError(FormattableString.Invariant($"is {bytesPerToken}. It must be between 1 and {Most}; English text has 3 to 4."), property);
        }
    }
}
