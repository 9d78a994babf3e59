using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace OpenAi.Gateway;

/// <summary>The routes of a configuration section as endpoints. A change is taken over whole, or not at all.</summary>
internal sealed class ConfiguredRoutes : EndpointDataSource, IEndpointConventionBuilder, IDisposable
{
    private readonly Lock _lock = new();
    private readonly IConfiguration _section;
    private readonly IServiceProvider _services;
    private readonly ILogger _logger;
    private readonly List<Action<EndpointBuilder>> _conventions = [];
    private readonly List<Action<EndpointBuilder>> _finallyConventions = [];
    private readonly IDisposable _subscription;
    private readonly Mark _mark = new();
    private CancellationTokenSource _changed = new();
    private Collector _routes;
    private IReadOnlyList<Endpoint>? _endpoints;
    private RoutePattern _prefix = RoutePatternFactory.Parse("");

    /// <exception cref="InvalidOperationException">The section does not exist or a value is wrong.</exception>
    public ConfiguredRoutes(IConfiguration section, IServiceProvider services)
    {
        _section = section;
        _services = services;
        _logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(RoutingLog.Category);
        _routes = Map(); // A wrong value stops the app here; the endpoints are made later, when their conventions are known.
        _subscription = ChangeToken.OnChange(section.GetReloadToken, Reload);
    }

    public override IReadOnlyList<Endpoint> Endpoints
    {
        get
        {
            lock (_lock)
            {
                return _endpoints ??= Build(_routes, _prefix, [], []);
            }
        }
    }

    // Not the base's way, which wraps what has been made: the routes must know the policies of the groups around them.
    public override IReadOnlyList<Endpoint> GetGroupedEndpoints(RouteGroupContext context)
    {
        lock (_lock)
        {
            _prefix = context.Prefix;
            return Build(_routes, context.Prefix, context.Conventions, context.FinallyConventions);
        }
    }

    public void Add(Action<EndpointBuilder> convention) => _conventions.Add(convention);

    public void Finally(Action<EndpointBuilder> finallyConvention) => _finallyConventions.Add(finallyConvention);

    public override IChangeToken GetChangeToken()
    {
        lock (_lock)
        {
            return new CancellationChangeToken(_changed.Token);
        }
    }

    public void Dispose()
    {
        _subscription.Dispose();
        _changed.Dispose();
    }

    private void Reload()
    {
        Collector routes;
        List<Endpoint> endpoints;
        try
        {
            routes = Map();
            endpoints = Build(routes, _prefix, [], []);
            EndpointNames.Check(endpoints.Concat(OthersOfApp()));
        }
        catch (Exception error)
        {
            RoutingLog.ConfigurationRefused(_logger, OptionsCheck.PathOf(_section), error.Message);
            return;
        }

        CancellationTokenSource before;
        lock (_lock)
        {
            (_routes, _endpoints) = (routes, endpoints);
            (before, _changed) = (_changed, new CancellationTokenSource());
        }

        RoutingLog.RoutesChanged(_logger, OptionsCheck.PathOf(_section), endpoints.Count);
        before.Cancel();
        before.Dispose();
    }

    private IEnumerable<Endpoint> OthersOfApp() =>
        (_services.GetService<EndpointDataSource>()?.Endpoints ?? []).Where(endpoint => endpoint.Metadata.GetMetadata<Mark>() != _mark);

    private Collector Map()
    {
        OptionsCheck.Exists(_section);
        if (_section is IConfigurationSection { Value.Length: > 0 } text && !text.GetChildren().Any())
        {
            throw new InvalidOperationException($"{text.Path} is a single value. Give it a member for each route.");
        }

        var collector = new Collector(_services);
        var taken = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var route in _section.GetChildren())
        {
            try
            {
                foreach (var own in ConfiguredRoute.Map(collector, route))
                {
                    // Routing itself would notice at the first request only.
                    if (!taken.TryAdd(own, route.Path))
                    {
                        throw new InvalidOperationException($"{own} is that of '{taken[own]}' already. Change one of them.");
                    }
                }
            }
            catch (Exception error) when (error is OptionsValidationException or InvalidOperationException or ArgumentException or FormatException
                or RoutePatternException or RouteCreationException)
            {
                throw new InvalidOperationException($"Route '{route.Path}': {error.Message}", error);
            }
        }

        return collector;
    }

    private List<Endpoint> Build(
        Collector routes,
        RoutePattern prefix,
        IReadOnlyList<Action<EndpointBuilder>> conventions,
        IReadOnlyList<Action<EndpointBuilder>> finallyConventions)
    {
        var group = new RouteGroupContext
        {
            Prefix = prefix,
            ApplicationServices = _services,
            Conventions = [.. conventions, .. _conventions, endpoint => endpoint.Metadata.Add(_mark)],
            FinallyConventions = [.. _finallyConventions, .. finallyConventions],
        };
        return [.. routes.DataSources.SelectMany(source => source.GetGroupedEndpoints(group))];
    }

    // Tells these routes' endpoints, as they are now, from the app's others.
    private sealed class Mark;

    // Where the routes are mapped, so that configuration and code make the same endpoints.
    private sealed class Collector(IServiceProvider services) : IEndpointRouteBuilder
    {
        public IServiceProvider ServiceProvider => services;

        public ICollection<EndpointDataSource> DataSources { get; } = [];

        public IApplicationBuilder CreateApplicationBuilder() => new ApplicationBuilder(services);
    }
}
