using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace OpenAi.Gateway;

/// <summary>
/// Endpoints that only lead to others, such as <c>MapFallbackToPage</c> maps. Routing puts the other one in their place, without the policies of the first or
/// its groups.
/// </summary>
internal static class LeadingEndpoints
{
    /// <exception cref="InvalidOperationException">One of them has a policy, which would never run.</exception>
    public static void Check(IEnumerable<Endpoint> endpoints)
    {
        if (endpoints.FirstOrDefault(IsLeadingPastPolicy) is { } endpoint)
        {
            var name = (endpoint as RouteEndpoint)?.RoutePattern.RawText ?? endpoint.DisplayName;
            throw new InvalidOperationException(
                $"A policy on '{name}' or its group would never run: it leads to another endpoint. Write the policy on what that one is mapped by, "
                + "such as MapControllers or MapRazorPages, and none here.");
        }
    }

    private static bool IsLeadingPastPolicy(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<IDynamicEndpointMetadata>() is { IsDynamic: true } && endpoint.Metadata.GetMetadata<GatewayPolicy>() is not null;
}
