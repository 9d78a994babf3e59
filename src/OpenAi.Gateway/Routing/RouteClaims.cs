using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing.Patterns;

namespace OpenAi.Gateway;

/// <summary>
/// What a configured route claims for itself. Routing would notice at a request that two routes want it, or that it cannot read a host, and then
/// fail for it or for every endpoint of the app.
/// </summary>
internal static class RouteClaims
{
    /// <summary>Its requests and its name, each as a text that another route's equals, whatever the case, when the two collide.</summary>
    public static IEnumerable<string> Of(OpenAiRouteOptions options)
    {
        var shape = ShapeOf(RoutePatternFactory.Parse(options.Pattern));
        var requests =
            from method in options.Methods.DefaultIfEmpty(HttpMethods.Post)
            from host in options.Hosts.Select(WithoutAnyPort).DefaultIfEmpty()
            select $"Pattern '{shape}' with the method {method}{(host is null ? "" : $" and the host '{host}'")}";
        return requests.Distinct(StringComparer.OrdinalIgnoreCase).Concat(options.Name is null ? [] : [$"Name '{options.Name}'"]);
    }

    /// <summary>The host, if routing can read it.</summary>
    /// <exception cref="ArgumentException">It cannot.</exception>
    public static string CheckedHost(string? host)
    {
        var isHost = host?.Split(':') switch
        {
            [{ Length: > 0 }] => true,
            [{ Length: > 0 }, var port] => port == "*" || int.TryParse(port, out _),
            _ => false,
        };
        return isHost
            ? host!
            : throw new ArgumentException($"Hosts has '{host}'. Give the host's name without a scheme, and its port if needed: \"api.example.com\" or \"api.example.com:8443\".");
    }

    private static string WithoutAnyPort(string host) => host.EndsWith(":*", StringComparison.Ordinal) ? host[..^2] : host;

    // What routing tells patterns apart by: not the names of parameters, nor their defaults.
    private static string ShapeOf(RoutePattern pattern) => "/" + string.Join('/', pattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(ShapeOf))));

    private static string ShapeOf(RoutePatternPart part) => part switch
    {
        RoutePatternLiteralPart literal => literal.Content,
        RoutePatternSeparatorPart separator => separator.Content,
        RoutePatternParameterPart parameter =>
            $"{{{(parameter.IsCatchAll ? "*" : "")}{string.Concat(parameter.ParameterPolicies.Select(policy => ":" + policy.Content))}}}",
        _ => "",
    };
}
