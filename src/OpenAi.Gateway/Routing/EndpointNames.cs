using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace OpenAi.Gateway;

/// <summary>
/// Finds two endpoints of an app with one name. Routing would notice at a request, and then fail for every endpoint; or at a change of the
/// configuration, and then take no further change.
/// </summary>
internal static class EndpointNames
{
    /// <exception cref="InvalidOperationException">An OpenAI route has the name of another endpoint.</exception>
    public static void Check(IEnumerable<Endpoint> endpoints)
    {
        foreach (var alike in endpoints.GroupBy(NameOf, StringComparer.Ordinal).Where(alike => alike.Key is not null && alike.Skip(1).Any()))
        {
            if (alike.FirstOrDefault(endpoint => endpoint.Metadata.GetMetadata<OpenAiRouteMetadata>() is not null) is { } route)
            {
                throw new InvalidOperationException(
                    $"Name '{alike.Key}' of '{route.DisplayName}' is that of '{alike.First(other => other != route).DisplayName}' already. Change one of them.");
            }
        }
    }

    private static string? NameOf(Endpoint endpoint) => endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName;
}
