namespace OpenAi.Gateway;

/// <summary>What a limit of tokens or money does with a request that does not say how many tokens its answer may have.</summary>
public enum WhenMaxUnknown
{
    /// <summary>It reserves what the limit's default says. A longer answer is counted in full, but only when it has ended.</summary>
    Estimate,

    /// <summary>It writes the limit's default into the request, so that no answer can be longer.</summary>
    InjectCap,
}
