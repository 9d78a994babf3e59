namespace OpenAi.Gateway;

/// <summary>What is asked next.</summary>
/// <param name="First">The call's own upstream.</param>
/// <param name="Upstream">The upstream that is asked.</param>
/// <param name="Pair">Its node, and the key for it.</param>
/// <param name="Fallback">The setting that makes the upstream a fallback; <see langword="null"/> for the call's own.</param>
/// <param name="Pause">How long to wait before.</param>
internal sealed record UpstreamStep(Upstream First, Upstream Upstream, NodeKey Pair, OpenAiFallbackOptions? Fallback, TimeSpan Pause)
{
    /// <summary>Whether a header that the route sets would carry another provider's key there.</summary>
    public bool IsForeignKey(string header) => Fallback is not null
        && (HeaderFilter.HoldsKey(header) || header.Equals(First.Options.ApiKeyHeader, StringComparison.OrdinalIgnoreCase));
}
