using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

/// <summary>Maps one route of a configuration with the same calls that code would make.</summary>
internal static partial class ConfiguredRoute
{
    private const string Auth = "BasicAuthConsumers";
    private const string Bridge = "BridgeCompletions";
    private const string Limit = "LimitCount";
    private const string Models = "Models";
    private const string Tokens = "LimitTokens";
    private const string Concurrency = "LimitConcurrency";
    private const string Budget = "Budget";
    private const string Cache = "ProxyCache";

    private static readonly string[] Sections = [Auth, Bridge, Models, Limit, Concurrency, Tokens, Budget, Cache];

    /// <summary>Maps the route; gives what must be its own among the routes.</summary>
    public static IEnumerable<string> Map(IEndpointRouteBuilder endpoints, IConfigurationSection section)
    {
        var options = Bind(section);
        var route = endpoints.MapOpenAiRoute(options.Pattern, options.Upstream);
        if (options.Methods.Count > 0)
        {
            route.WithMethods([.. options.Methods]);
        }

        if (options.Hosts.Count > 0)
        {
            route.RequireHost([.. options.Hosts.Select(RouteClaims.CheckedHost)]);
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

        if (Find(section, Bridge) is { } bridge)
        {
            route.BridgeCompletions(bridge);
        }

        foreach (var policy in PoliciesOf(section))
        {
            policy.Attach(GatewayServices.From(endpoints.ServiceProvider));
            route.Add(endpoint => EndpointStages.Add(endpoint, policy));
        }

        return RouteClaims.Of(options);
    }

    // They do not follow their sections by themselves: the routes change together or not at all.
    private static IEnumerable<GatewayPolicy> PoliciesOf(IConfigurationSection section)
    {
        if (Find(section, Auth) is { } auth)
        {
            yield return BasicAuthPolicy.Once(auth);
        }

        if (Find(section, Models) is { } models)
        {
            yield return ModelsPolicy.Once(models);
        }

        foreach (var limit in FindAll(section, Limit))
        {
            yield return LimitCountPolicy.Once(limit);
        }

        foreach (var limit in FindAll(section, Concurrency))
        {
            yield return LimitConcurrencyPolicy.Once(limit);
        }

        foreach (var limit in FindAll(section, Tokens))
        {
            yield return LimitTokensPolicy.Once(limit);
        }

        foreach (var budget in FindAll(section, Budget))
        {
            yield return BudgetPolicy.Once(budget);
        }

        if (Find(section, Cache) is { } cache)
        {
            yield return ProxyCachePolicy.Once(cache);
        }
    }

    // An empty object is a policy with its defaults. Exists() does not see it, and the route would be open.
    private static IConfigurationSection? Find(IConfigurationSection section, string name)
    {
        var found = section.GetChildren().FirstOrDefault(child => child.Key.Equals(name, StringComparison.OrdinalIgnoreCase));
        return string.IsNullOrEmpty(found?.Value)
            ? found
            : throw new InvalidOperationException($"{name} is '{found.Value}'. Give it its members, or leave it out.");
    }

    // One, or a list of several.
    private static IEnumerable<IConfigurationSection> FindAll(IConfigurationSection section, string name) => Find(section, name) is not { } found ? []
        : IsList(found) ? found.GetChildren()
        : [found];

    private static bool IsList(IConfigurationSection section) =>
        section.GetChildren().Any() && section.GetChildren().All(child => int.TryParse(child.Key, out _));

    private static bool IsOfPolicy(string key) => key.Split(':')[0] is var name
        && Array.Exists(Sections, policy => policy.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static OpenAiRouteOptions Bind(IConfigurationSection section)
    {
        // The policies' sections are theirs; every other unknown name is a mistake.
        var own = new ConfigurationBuilder()
            .AddInMemoryCollection(section.AsEnumerable(makePathsRelative: true).Where(pair => !IsOfPolicy(pair.Key)))
            .Build();
        var options = new OpenAiRouteOptions();
        SectionShape.Check<OpenAiRouteOptions>(own, alsoKnown: Sections);
        SectionShape.RefuseEmptyList(own.GetSection(nameof(options.Hosts)));
        SectionShape.RefuseEmptyList(own.GetSection(nameof(options.Methods)));
        own.Bind(options, OptionsCheck.Strict);
        return OptionsCheck.Valid(section.Path, options, new Validator());
    }

    [OptionsValidator]
    private sealed partial class Validator : IValidateOptions<OpenAiRouteOptions>;
}
