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

    private readonly HashSet<IEndpointRouteBuilder> _pipelines = [];

    /// <summary>
    /// Notes the routes that have ended where a policy is written on the app, with those that are mapped later: they end at the same place. What
    /// <c>UseEndpoints</c> has closed is known to routing.
    /// </summary>
    public void Note(IApplicationBuilder app)
    {
        if (app.Properties.TryGetValue(RoutesOfPipeline, out var value) && value is IEndpointRouteBuilder routes
            && app.ApplicationServices.GetService<EndpointDataSource>() is CompositeEndpointDataSource closed
            && routes.DataSources.Any(closed.DataSources.Contains))
        {
            _pipelines.Add(routes);
        }
    }

    /// <summary>Whether requests to the route end before a policy of the app.</summary>
    public bool Contain(OpenAiRouteMetadata route) =>
        _pipelines.SelectMany(routes => routes.DataSources).SelectMany(source => source.Endpoints)
            .Any(endpoint => endpoint.Metadata.GetMetadata<OpenAiRouteMetadata>() == route);
}
