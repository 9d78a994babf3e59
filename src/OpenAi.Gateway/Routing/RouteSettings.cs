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
            : (WrittenPath(context.Request) ?? context.Request.Path.ToUriComponent()) + context.Request.QueryString.ToUriComponent();

    /// <summary>
    /// The request's path as the client wrote it, below the app's base. The server has unescaped it, and escaping does not always restore that: %2F and
    /// %252F look the same. <see langword="null"/> when there is nothing to restore, the app has moved the request elsewhere, or the client has written a
    /// <c>#</c> or a backslash, which no path may hold and which would end it for the upstream.
    /// </summary>
    public static string? WrittenPath(HttpRequest request)
    {
        var target = request.HttpContext.Find<IHttpRequestFeature>()?.RawTarget ?? "";
        if (!target.StartsWith('/') || !target.Contains('%', StringComparison.Ordinal))
        {
            return null;
        }

        var written = target.Split('?', 2)[0];
        if (written.AsSpan().ContainsAny('#', '\\') || PathString.FromUriComponent(written).Value != request.PathBase.Value + request.Path.Value)
        {
            return null;
        }

        // Unescaping leaves the number of slashes as it is.
        var start = 0;
        for (var slashes = request.PathBase.Value.AsSpan().Count('/'); slashes > 0 && start >= 0; slashes--)
        {
            start = written.IndexOf('/', start + 1);
        }

        return start < 0 ? null : written[start..];
    }

    /// <summary>
    /// Whether a path leads out of what its route was mapped for. The server has taken out dots that stand there plainly, but not those behind an escaped
    /// slash or before a parameter, which some servers follow.
    /// </summary>
    public bool LeadsElsewhere(string pathAndQuery) => RewrittenPath is not { Fixed: not null }
        && (pathAndQuery.Contains('%', StringComparison.Ordinal) || pathAndQuery.Contains("..", StringComparison.Ordinal))
        && ModelOperations.SegmentsOf(pathAndQuery.Split('?', 2)[0]).Contains("..");
}
