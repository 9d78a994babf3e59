using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway;

/// <summary>
/// The routes whose requests end before a policy of the app, since the app has called <c>UseEndpoints</c> before it wrote the policy. A
/// <c>WebApplication</c> calls it last, all by itself; an app with a <c>Startup</c> does so where it likes.
/// </summary>
internal sealed class EndedRoutes
{
    // The framework's own name for the routes of a pipeline; its constant is internal.
    private const string RoutesOfPipeline = "__EndpointRouteBuilder";

    private readonly HashSet<EndpointDataSource> _sources = [];

    /// <summary>Notes what has ended where a policy is written on the app. What <c>UseEndpoints</c> has closed is known to routing.</summary>
    public void Note(IApplicationBuilder app)
    {
        if (app.Properties.TryGetValue(RoutesOfPipeline, out var value) && value is IEndpointRouteBuilder routes
            && app.ApplicationServices.GetService<EndpointDataSource>() is CompositeEndpointDataSource closed)
        {
            _sources.UnionWith(routes.DataSources.Where(closed.DataSources.Contains));
        }
    }

    /// <summary>Whether requests to the route end before a policy of the app.</summary>
    public bool Contain(OpenAiRouteMetadata route) =>
        _sources.Any(source => source.Endpoints.Any(endpoint => endpoint.Metadata.GetMetadata<OpenAiRouteMetadata>() == route));
}
