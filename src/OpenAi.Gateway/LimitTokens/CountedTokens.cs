namespace OpenAi.Gateway;

/// <summary>Which tokens a limit counts.</summary>
public enum CountedTokens
{
    /// <summary>Input and output together.</summary>
    Total,

    /// <summary>Input alone.</summary>
    Input,

    /// <summary>Output alone, hidden reasoning included.</summary>
    Output,
}
