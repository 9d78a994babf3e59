using System.Collections.Concurrent;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway;

/// <summary>
/// The one wrap around an endpoint. Where a policy was written decides whether it is in scope; here stands, once, when it runs:
/// <code>guard → authenticate → limit → model → cache → concurrency → tokens and money → endpoint (transform, forward)</code>
/// Limits and rules for models add up; of authentication and cache the nearest one wins (route, then group, then app).
/// </summary>
internal sealed class EndpointStages(RequestDelegate endpoint, GatewayServices? known)
{
    private readonly ConcurrentDictionary<PolicyScope, GatewayDelegate> _pipelines = new();
    private GatewayServices? _services = known;

    /// <summary>Puts a policy on an endpoint, and the wrap around it if it has none yet.</summary>
    /// <exception cref="InvalidOperationException">The endpoint has no handler yet, so that nothing can be wrapped around it.</exception>
    public static void Add(EndpointBuilder builder, GatewayPolicy policy)
    {
        if (builder.RequestDelegate is null)
        {
            throw new InvalidOperationException(
                $"A policy cannot be written on '{(builder as RouteEndpointBuilder)?.RoutePattern.RawText ?? builder.DisplayName}' itself, which has no "
                + "handler yet. Write it on a group around it: map on app.MapGroup(\"\").UseX(…) in place of app.");
        }

        if (ServicesOf(builder) is { } services)
        {
            policy.Attach(services);
        }

        builder.Metadata.Add(policy);
        Wrap(builder);
    }

    public static void Wrap(EndpointBuilder builder)
    {
        if (builder.RequestDelegate is { } endpoint && endpoint.Target is not EndpointStages)
        {
            builder.RequestDelegate = new EndpointStages(endpoint, ServicesOf(builder)).InvokeAsync;
        }
    }

    // The framework tells no services for Blazor's endpoints, static assets, and those that fallbacks to controllers and pages lead to: their first request does.
    private static GatewayServices? ServicesOf(EndpointBuilder builder) =>
        builder.ApplicationServices.GetService<IServiceProvider>() is { } services ? GatewayServices.From(services) : null;

    private Task InvokeAsync(HttpContext context)
    {
        var services = _services ?? Attach(context);
        var request = GatewayRequest.Of(context);
        var current = context.GetEndpoint();
        if (ReferenceEquals(request.Entered, current) && current is not null)
        {
            // A group around a mapped group wraps once more; its stages are running already.
            return endpoint(context);
        }

        var scope = request.Scope ?? services.EmptyScope;
        var pipeline = _pipelines.TryGetValue(scope, out var known)
            ? known
            : _pipelines.GetOrAdd(scope, Build(current?.Metadata ?? EndpointMetadataCollection.Empty, scope, services));
        return pipeline(request);
    }

    // What could not be done at start-up. A group's policy is on several endpoints, whose first requests may come at once.
    private GatewayServices Attach(HttpContext context)
    {
        var services = GatewayServices.From(context.RequestServices);
        foreach (var policy in context.GetEndpoint()?.Metadata.GetOrderedMetadata<GatewayPolicy>() ?? [])
        {
            lock (policy)
            {
                policy.Attach(services);
            }
        }

        return _services = services;
    }

    private GatewayDelegate Build(EndpointMetadataCollection metadata, PolicyScope scope, GatewayServices services)
    {
        var route = metadata.GetMetadata<OpenAiRouteMetadata>();
        if (route is not null && scope.Policies.Count == 0 && services.AppHasPolicies && metadata.Any(IsShortCircuit))
        {
            throw new InvalidOperationException(
                $"The route '{route.Pattern}' has ShortCircuit, so that its requests pass by the policies that are written on the app. "
                + "Write them on the route or its group, or leave ShortCircuit out.");
        }

        if (route is not null && services.EndedRoutes.Contain(route))
        {
            throw new InvalidOperationException(
                $"Requests to the route '{route.Pattern}' end at UseEndpoints, before a policy that is written on the app. Write it before UseEndpoints.");
        }

        var own = metadata.GetOrderedMetadata<GatewayPolicy>();
        IReadOnlyList<GatewayPolicy> inScope = route is null ? own : [.. scope.Policies, .. own];

        GatewayDelegate pipeline = request => endpoint(request.Context);
        var cache = inScope.OfType<ProxyCachePolicy>().LastOrDefault();
        var limits = inScope.OfType<LimitCountPolicy>().ToArray();
        var spends = inScope.OfType<SpendPolicy>().ToArray();
        if (spends.Length > 0)
        {
            pipeline = new SpendStage(spends, services, pipeline).InvokeAsync;
        }

        // The nearest one first: who waits for a place of its route must not hold one that other routes could use.
        foreach (var concurrency in inScope.OfType<LimitConcurrencyPolicy>())
        {
            pipeline = new LimitConcurrencyStage(concurrency, services, pipeline).InvokeAsync;
        }

        if (cache is not null)
        {
            var uncached = limits.Length > 0 ? LimitCountStage.RefuseUnlessHit(pipeline) : pipeline;
            pipeline = new ProxyCacheStage(cache, services, uncached).InvokeAsync;
        }

        if (route is not null)
        {
            var guard = new ModelGuard([.. inScope.OfType<ModelsPolicy>()], spends);
            pipeline = new ModelStage(route, guard, isNeeded: cache is not null || spends.Length > 0, services, pipeline).InvokeAsync;
        }

        if (limits.Length > 0)
        {
            pipeline = new LimitCountStage(limits, hasCache: cache is not null, services, pipeline).InvokeAsync;
        }

        if (inScope.OfType<BasicAuthPolicy>().LastOrDefault() is { } auth)
        {
            if (metadata.GetMetadata<IAllowAnonymous>() is null)
            {
                pipeline = new BasicAuthStage(auth, services, pipeline).InvokeAsync;
            }
            else if (route is not null)
            {
                BasicAuthLog.OpenToAll(services.Loggers.CreateLogger(BasicAuthLog.Category), route.Pattern);
            }
        }

        return new EntryStage(route, services, pipeline).InvokeAsync;
    }

    // The framework's own class for it is internal.
    private static bool IsShortCircuit(object metadata) => metadata.GetType().Name == "ShortCircuitMetadata";
}
