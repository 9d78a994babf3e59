using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

/// <summary>Maps one route of a configuration with the same calls that code would make.</summary>
internal static partial class ConfiguredRoute
{
    private const string Bridge = "BridgeCompletions";

    // Each is read once, and does not follow its section: the routes of a configuration change together or not at all.
    private static readonly PolicySection[] Policies =
    [
        new("BasicAuthConsumers", BasicAuthPolicy.Once),
        new("Models", ModelsPolicy.Once),
        new("LimitCount", LimitCountPolicy.Once, MayBeList: true),
        new("LimitConcurrency", LimitConcurrencyPolicy.Once, MayBeList: true),
        new("LimitTokens", LimitTokensPolicy.Once, MayBeList: true),
        new("Budget", BudgetPolicy.Once, MayBeList: true),
        new("ProxyCache", ProxyCachePolicy.Once),
    ];

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
            route.Use(CompletionBridge.From(bridge));
        }

        foreach (var policy in Policies.SelectMany(policy => PoliciesOf(section, policy)))
        {
            policy.Attach(GatewayServices.From(endpoints.ServiceProvider));
            route.Add(endpoint => EndpointStages.Add(endpoint, policy));
        }

        return RouteClaims.Of(options);
    }

    private static IEnumerable<GatewayPolicy> PoliciesOf(IConfigurationSection section, PolicySection policy) => Find(section, policy.Name) is not { } found ? []
        : policy.MayBeList && IsList(found) ? found.GetChildren().Select(policy.Load)
        : [policy.Load(found)];

    // An empty object is a policy with its defaults. Exists() does not see it, and the route would be open.
    private static IConfigurationSection? Find(IConfigurationSection section, string name)
    {
        var found = section.GetChildren().FirstOrDefault(child => child.Key.Equals(name, StringComparison.OrdinalIgnoreCase));
        return string.IsNullOrEmpty(found?.Value)
            ? found
            : throw new InvalidOperationException($"{name} is '{found.Value}'. Give it its members, or leave it out.");
    }

    private static bool IsList(IConfigurationSection section) =>
        section.GetChildren().Any() && section.GetChildren().All(child => int.TryParse(child.Key, out _));

    private static OpenAiRouteOptions Bind(IConfigurationSection section)
    {
        // The policies' sections are theirs; every other unknown name is a mistake.
        var theirs = Policies.Select(policy => policy.Name).Append(Bridge).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var own = new ConfigurationBuilder()
            .AddInMemoryCollection(section.AsEnumerable(makePathsRelative: true).Where(pair => !theirs.Contains(pair.Key.Split(':')[0])))
            .Build();
        var options = new OpenAiRouteOptions();
        SectionShape.Check<OpenAiRouteOptions>(own, alsoKnown: theirs);
        SectionShape.RefuseEmptyList(own.GetSection(nameof(options.Hosts)));
        SectionShape.RefuseEmptyList(own.GetSection(nameof(options.Methods)));
        own.Bind(options, OptionsCheck.Strict);
        return OptionsCheck.Valid(section.Path, options, new Validator());
    }

    private sealed record PolicySection(string Name, Func<IConfigurationSection, GatewayPolicy> Load, bool MayBeList = false);

    [OptionsValidator]
    private sealed partial class Validator : IValidateOptions<OpenAiRouteOptions>;
}
