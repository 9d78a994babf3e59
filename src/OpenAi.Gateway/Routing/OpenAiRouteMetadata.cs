using Microsoft.AspNetCore.Routing;

namespace OpenAi.Gateway;

/// <summary>Marks an endpoint as an OpenAI route and says which HTTP methods it takes.</summary>
public sealed class OpenAiRouteMetadata : IHttpMethodMetadata
{
    internal OpenAiRouteMetadata(string pattern, string upstream, RouteSettings settings)
    {
        Pattern = OwnPattern = pattern;
        Upstream = upstream;
        Settings = settings;
    }

    /// <summary>The route's pattern below those of the groups that it is in, for example <c>/openai/product/desc</c>.</summary>
    public string Pattern { get; internal set; }

    /// <summary>The name of the upstream, as given to <c>AddOpenAiUpstream</c>.</summary>
    public string Upstream { get; }

    /// <summary>The HTTP methods that the route takes.</summary>
    public IReadOnlyList<string> HttpMethods => AcceptPurge ? [.. Settings.Methods, ProxyCacheStage.Purge] : Settings.Methods;

    /// <summary>Whether a CORS preflight matches the route; set by <c>RequireCors</c>.</summary>
    public bool AcceptCorsPreflight { get; set; }

    internal RouteSettings Settings { get; }

    /// <summary>The route's pattern as it was mapped.</summary>
    internal string OwnPattern { get; }

    /// <summary>A cache is in scope, so its <c>PURGE</c> must reach the endpoint.</summary>
    internal bool AcceptPurge { get; set; }
}
