using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenAi.Gateway;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps OpenAI routes.</summary>
public static class OpenAiGatewayEndpointRouteBuilderExtensions
{
    /// <summary>Maps a route whose requests go to an upstream. It takes <c>POST</c> unless <see cref="OpenAiRouteBuilder.WithMethods"/> says otherwise.</summary>
    /// <param name="endpoints">The app, or a group.</param>
    /// <param name="pattern">The route's pattern, for example <c>/openai/product/desc</c>.</param>
    /// <param name="upstream">The name given to <c>AddOpenAiUpstream</c>.</param>
    /// <returns>A builder that says what the route does.</returns>
    /// <exception cref="InvalidOperationException">No upstream has that name.</exception>
    /// <exception cref="OptionsValidationException">The upstream's configuration is wrong.</exception>
    public static OpenAiRouteBuilder MapOpenAiRoute(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern, string upstream)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        ArgumentException.ThrowIfNullOrWhiteSpace(upstream);
        var services = GatewayServices.From(endpoints.ServiceProvider);
        services.Upstreams.Get(upstream);

        var parsed = RoutePatternFactory.Parse(pattern);
        CheckConstraints(parsed, endpoints.ServiceProvider);
        var settings = new RouteSettings();
        var metadata = new OpenAiRouteMetadata(pattern, upstream, settings);
        var endpoint = endpoints.Map(parsed, new Forwarder(metadata, services).InvokeAsync);
        endpoint.Add(builder =>
        {
            builder.Metadata.Add(metadata);
            EndpointStages.Wrap(builder);
        });
        endpoint.Finally(builder =>
        {
            // With the patterns of the groups that it is in.
            var whole = (builder as RouteEndpointBuilder)?.RoutePattern ?? parsed;
            settings.RewrittenPath?.CheckValues(whole);
            metadata.Pattern = whole.RawText ?? pattern;
            builder.DisplayName = $"{string.Join(", ", settings.Methods)} {metadata.Pattern} → {upstream}";
            metadata.AcceptPurge = services.AppHasCache || builder.Metadata.OfType<ProxyCachePolicy>().Any();
        });
        return new OpenAiRouteBuilder(endpoint, settings);
    }

    /// <summary>
    /// Maps the routes of a configuration section, with their policies, and follows its changes while the app runs: all or nothing. A wrong
    /// value stops the app at start-up; later it keeps the last good routes and logs the value's path and the reason.
    /// </summary>
    /// <param name="endpoints">The app, or a group.</param>
    /// <param name="section">A section with one member for each route; see <see cref="OpenAiRouteOptions"/>.</param>
    /// <returns>A builder whose conventions cover all of these routes.</returns>
    /// <exception cref="InvalidOperationException">The section does not exist, or a value is wrong; the message has its path and the remedy.</exception>
    public static IEndpointConventionBuilder MapOpenAiRoutes(this IEndpointRouteBuilder endpoints, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(section);
        var routes = new ConfiguredRoutes(section, endpoints.ServiceProvider);
        endpoints.DataSources.Add(routes);
        return routes;
    }

    // Routing itself would notice at the first request, or when configuration is reloaded, and then fail for every endpoint of the app.
    private static void CheckConstraints(RoutePattern pattern, IServiceProvider services)
    {
        var policies = services.GetService<ParameterPolicyFactory>() ?? throw new InvalidOperationException(
            "Routing's services are missing, as CreateEmptyBuilder leaves them out. Call builder.Services.AddRoutingCore() before builder.Build().");
        foreach (var parameter in pattern.Parameters)
        {
            foreach (var policy in parameter.ParameterPolicies)
            {
                policies.Create(parameter, policy);
            }
        }
    }
}
