namespace OpenAi.Gateway;

/// <summary>What an upstream is asked: the same for every attempt.</summary>
/// <param name="Path">Path and query, below the node's base path.</param>
/// <param name="Body">The body to send.</param>
internal sealed record UpstreamCall(string Path, RequestBody Body);
