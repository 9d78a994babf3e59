using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

/// <summary>Maps one route of a configuration with the same calls that code would make.</summary>
internal static partial class ConfiguredRoute
{
    private const string Auth = "BasicAuthConsumers";
    private const string Limit = "LimitCount";
    private const string Cache = "ProxyCache";

    public static void Map(IEndpointRouteBuilder endpoints, IConfigurationSection section)
    {
        var options = Bind(section);
        var route = endpoints.MapOpenAiRoute(options.Pattern, options.Upstream);
        if (options.Methods.Count > 0)
        {
            route.WithMethods([.. options.Methods]);
        }

        if (options.Hosts.Count > 0)
        {
            route.RequireHost([.. options.Hosts]);
        }

        if (options.RewritePath is { } path)
        {
            route.RewritePath(path);
        }

        foreach (var (name, value) in options.SetHeaders)
        {
            route.SetHeader(name, value);
        }

        foreach (var (name, value) in options.AddHeaders)
        {
            route.AddHeader(name, value);
        }

        foreach (var name in options.RemoveHeaders)
        {
            route.RemoveHeader(name);
        }

        if (options.Timeout is { } timeout)
        {
            route.WithTimeout(timeout);
        }

        if (options.Retries is { } retries)
        {
            route.WithRetries(retries);
        }

        if (options.MaxRequestBodySize is { } bytes)
        {
            route.WithMaxRequestBodySize(bytes);
        }

        if (options.Name is { } endpointName)
        {
            route.WithName(endpointName);
        }

        UsePolicies(route, section);
    }

    private static void UsePolicies(OpenAiRouteBuilder route, IConfigurationSection section)
    {
        if (section.GetSection(Auth) is var auth && auth.Exists())
        {
            Add(route, BasicAuthPolicy.Once(auth));
        }

        if (section.GetSection(Limit) is var limit && limit.Exists())
        {
            foreach (var one in IsList(limit) ? limit.GetChildren() : [limit])
            {
                Add(route, LimitCountPolicy.Once(one));
            }
        }

        if (section.GetSection(Cache) is var cache && cache.Exists())
        {
            Add(route, ProxyCachePolicy.Once(cache));
        }
    }

    // The policies do not follow their sections by themselves: the routes change together or not at all.
    private static void Add(OpenAiRouteBuilder route, GatewayPolicy policy) => route.Add(endpoint => EndpointStages.Add(endpoint, policy));

    private static bool IsList(IConfigurationSection section) => section.GetChildren().All(child => int.TryParse(child.Key, out _));

    private static OpenAiRouteOptions Bind(IConfigurationSection section)
    {
        // The policies' sections are theirs; every other unknown name is a mistake.
        var own = new ConfigurationBuilder()
            .AddInMemoryCollection(section.AsEnumerable(makePathsRelative: true).Where(pair => pair.Key.Split(':')[0] is not (Auth or Limit or Cache)))
            .Build();
        var options = new OpenAiRouteOptions();
        own.Bind(options, OptionsCheck.Strict);
        return OptionsCheck.Valid(section.Path, options, new Validator());
    }

    [OptionsValidator]
    private sealed partial class Validator : IValidateOptions<OpenAiRouteOptions>;
}
