namespace OpenAi.Gateway;

/// <summary>The tokens of one or more calls, as the upstream counts and bills them.</summary>
/// <param name="Input">Tokens of the input, those read from the upstream's prompt cache included.</param>
/// <param name="Output">Tokens of the output, those of hidden reasoning included.</param>
/// <param name="CachedInput">The part of <paramref name="Input"/> that the upstream read from its prompt cache.</param>
/// <param name="CacheWriteInput">The part of <paramref name="Input"/> that the upstream wrote to its prompt cache.</param>
/// <param name="Reasoning">The part of <paramref name="Output"/> that was hidden reasoning.</param>
public readonly record struct TokenUsage(long Input, long Output, long CachedInput = 0, long CacheWriteInput = 0, long Reasoning = 0)
{
    /// <summary>Input and output together; <see cref="long.MaxValue"/> when that is more.</summary>
    public long Total => Sum(Input, Output);

    /// <summary>The sum of two usages, part by part; <see cref="long.MaxValue"/> where it is more.</summary>
    /// <param name="left">One usage.</param>
    /// <param name="right">Another one.</param>
    public static TokenUsage operator +(TokenUsage left, TokenUsage right) => new(
        Sum(left.Input, right.Input),
        Sum(left.Output, right.Output),
        Sum(left.CachedInput, right.CachedInput),
        Sum(left.CacheWriteInput, right.CacheWriteInput),
        Sum(left.Reasoning, right.Reasoning));

    private static long Sum(long left, long right) => right > 0 && left > long.MaxValue - right ? long.MaxValue : left + right;
}
