using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace OpenAi.Gateway;

/// <summary>
/// The names of an app's endpoints. Routing notices at a request that two have one name, and then fails for every endpoint; or at a change, and then
/// takes no further one.
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
