namespace OpenAi.Gateway;

/// <summary>The tokens of one or more calls, as the upstream counts and bills them.</summary>
/// <param name="Input">Tokens of the input, those read from the upstream's prompt cache included.</param>
/// <param name="Output">Tokens of the output, those of hidden reasoning included.</param>
/// <param name="CachedInput">The part of <paramref name="Input"/> that the upstream read from its prompt cache.</param>
/// <param name="CacheWriteInput">The part of <paramref name="Input"/> that the upstream wrote to its prompt cache.</param>
/// <param name="Reasoning">The part of <paramref name="Output"/> that was hidden reasoning.</param>
public readonly record struct TokenUsage(long Input, long Output, long CachedInput = 0, long CacheWriteInput = 0, long Reasoning = 0)
{
    /// <summary>Input and output together.</summary>
    public long Total => Input + Output;

    /// <summary>The sum of two usages, part by part.</summary>
    /// <param name="left">One usage.</param>
    /// <param name="right">Another one.</param>
    public static TokenUsage operator +(TokenUsage left, TokenUsage right) => new(
        left.Input + right.Input,
        left.Output + right.Output,
        left.CachedInput + right.CachedInput,
        left.CacheWriteInput + right.CacheWriteInput,
        left.Reasoning + right.Reasoning);
}
