namespace OpenAi.Gateway;

/// <summary>Which <c>Host</c> header the upstream sees, in APISIX's words.</summary>
public enum PassHost
{
    /// <summary>The node's own host.</summary>
    Node,

    /// <summary>The host that the client asked for.</summary>
    Pass,

    /// <summary><see cref="OpenAiUpstreamOptions.UpstreamHost"/>.</summary>
    Rewrite,
}
