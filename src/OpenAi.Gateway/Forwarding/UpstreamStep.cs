namespace OpenAi.Gateway;

/// <summary>What is asked next.</summary>
/// <param name="Upstream">The upstream.</param>
/// <param name="Pair">Its node, and the key for it.</param>
/// <param name="Fallback">What the upstream is a fallback by; <see langword="null"/> for the call's own.</param>
/// <param name="Pause">How long to wait before.</param>
internal readonly record struct UpstreamStep(Upstream Upstream, NodeKey Pair, OpenAiFallbackOptions? Fallback, TimeSpan Pause);
