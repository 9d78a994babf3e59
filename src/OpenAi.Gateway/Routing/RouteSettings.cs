using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>What a route was told to do: written by <see cref="OpenAiRouteBuilder"/> at start-up, read by the forwarder.</summary>
internal sealed class RouteSettings
{
    public IReadOnlyList<string> Methods { get; set; } = [HttpMethods.Post];

    public PathTemplate? RewrittenPath { get; set; }

    public TimeSpan? Timeout { get; set; }

    public int? Retries { get; set; }

    public List<HeaderRule> HeaderRules { get; } = [];

    public List<Action<HttpContext, HttpRequestMessage>> RequestTransforms { get; } = [];

    public List<Action<HttpContext, HttpResponseMessage>> ResponseTransforms { get; } = [];

    /// <summary>Path and query for the upstream, below the node's base path.</summary>
    public string Path(HttpContext context) =>
        RewrittenPath is { } template
            ? template.Format(context)
            : context.Request.Path.ToUriComponent() + context.Request.QueryString.ToUriComponent();
}
