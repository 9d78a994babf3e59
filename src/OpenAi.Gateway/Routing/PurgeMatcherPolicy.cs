using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;

namespace OpenAi.Gateway;

/// <summary>
/// Gives a <c>PURGE</c> that several cached routes with one pattern would take, as those for <c>GET</c> and <c>POST</c>, to one of them: with a body to
/// one that takes bodies, without to one that does not. Routing asks only where it cannot tell such routes apart.
/// </summary>
internal sealed class PurgeMatcherPolicy : MatcherPolicy, IEndpointSelectorPolicy
{
    // After whatever else chooses.
    public override int Order => int.MaxValue;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) => endpoints
        .OfType<RouteEndpoint>()
        .Where(endpoint => RouteOf(endpoint) is not null)
        .GroupBy(endpoint => (endpoint.Order, endpoint.RoutePattern.InboundPrecedence))
        .Any(alike => alike.Skip(1).Any());

    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        if (!HttpMethods.Equals(httpContext.Request.Method, ProxyCacheStage.Purge))
        {
            return Task.CompletedTask;
        }

        var hasBody = httpContext.Find<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true;
        int? chosen = null;
        for (var i = 0; i < candidates.Count; i++)
        {
            if (!candidates.IsValidCandidate(i) || RouteOf(candidates[i].Endpoint) is not { } route)
            {
                continue;
            }

            if (chosen is not { } other)
            {
                chosen = i;
            }
            else if (candidates[other].Score == candidates[i].Score)
            {
                var isBetter = TakesBodies(route) == hasBody && TakesBodies(RouteOf(candidates[other].Endpoint)!) != hasBody;
                candidates.SetValidity(isBetter ? other : i, false);
                chosen = isBetter ? i : other;
            }
        }

        return Task.CompletedTask;
    }

    private static OpenAiRouteMetadata? RouteOf(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<OpenAiRouteMetadata>() is { AcceptPurge: true } route ? route : null;

    private static bool TakesBodies(OpenAiRouteMetadata route) =>
        route.Settings.Methods.Any(method => !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method));
}
