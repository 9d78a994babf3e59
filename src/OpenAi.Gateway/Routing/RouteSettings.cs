using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway;

/// <summary>What a route was told to do: written by <see cref="OpenAiRouteBuilder"/> at start-up, read by the forwarder.</summary>
internal sealed class RouteSettings
{
    public IReadOnlyList<string> Methods { get; set; } = [HttpMethods.Post];

    public PathTemplate? RewrittenPath { get; set; }

    public TimeSpan? Timeout { get; set; }

    public int? Retries { get; set; }

    /// <summary>Answers legacy completions by chats.</summary>
    public CompletionBridge? Bridge { get; set; }

    public List<HeaderRule> HeaderRules { get; } = [];

    public List<Action<HttpContext, HttpRequestMessage>> RequestTransforms { get; } = [];

    public List<Action<HttpContext, HttpResponseMessage>> ResponseTransforms { get; } = [];

    /// <summary>Path and query for the upstream, below the node's base path.</summary>
    public string Path(HttpContext context) =>
        RewrittenPath is { } template
            ? template.Format(context)
            : OwnPath(context.Request) + context.Request.QueryString.ToUriComponent();

    // The server has unescaped the path, and escaping does not always restore what the client wrote: %2F and %252F look the same here. So the
    // raw path is taken, unless the app has moved the request elsewhere.
    private static string OwnPath(HttpRequest request)
    {
        var target = request.HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        if (!target.StartsWith('/') || !target.Contains('%', StringComparison.Ordinal) || request.PathBase.HasValue)
        {
            return request.Path.ToUriComponent();
        }

        var raw = target.Split('?', 2)[0];
        return PathString.FromUriComponent(raw).Value == request.Path.Value ? raw : request.Path.ToUriComponent();
    }
}
