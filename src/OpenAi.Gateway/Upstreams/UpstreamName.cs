namespace OpenAi.Gateway;

/// <summary>The name of a registered upstream.</summary>
internal sealed record UpstreamName(string Value);
