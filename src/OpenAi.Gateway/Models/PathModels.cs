namespace OpenAi.Gateway;

/// <summary>The models that a path names. Azure asks the deployment of its path, and the old engines theirs, whatever the body says.</summary>
internal static class PathModels
{
    private const string Deployments = "deployments";
    private const string Engines = "engines";

    /// <summary>The names that the client has chosen, not those that the route itself writes into the path.</summary>
    public static string[] Of(GatewayRequest request)
    {
        var path = request.UpstreamPath;
        if (!Has(path, Deployments) && !Has(path, Engines) && !path.Contains('%', StringComparison.Ordinal))
        {
            return [];
        }

        var segments = ModelOperations.Plain(path.Split('?', 2)[0]).Split('/');
        return [.. segments.Skip(1).Where((name, before) => IsBeforeName(segments[before]) && IsOfClient(request, name))];
    }

    /// <summary>The path with other names for its models; <see langword="null"/> when one of them stands there in a way that only some servers read.</summary>
    public static string? Rename(string pathAndQuery, string[] names, Func<string, string> other)
    {
        var path = ModelOperations.PathOf(pathAndQuery);
        var segments = path.ToString().Split('/');
        var renamed = 0;
        for (var i = segments.Length - 1; i > 0; i--)
        {
            if (IsBeforeName(segments[i - 1]) && Uri.UnescapeDataString(segments[i]) is var name && names.Contains(name))
            {
                segments[i] = Uri.EscapeDataString(other(name));
                renamed++;
            }
        }

        return renamed == names.Length ? string.Concat(string.Join('/', segments), pathAndQuery.AsSpan(path.Length)) : null;
    }

    private static bool Has(string path, string name) => path.Contains(name, StringComparison.OrdinalIgnoreCase);

    private static bool IsBeforeName(string segment) =>
        segment.Equals(Deployments, StringComparison.OrdinalIgnoreCase) || segment.Equals(Engines, StringComparison.OrdinalIgnoreCase);

    private static bool IsOfClient(GatewayRequest request, string name) =>
        request.Context.Request.RouteValues.Values.Any(value => value is string text && ModelOperations.Plain(text).Split('/').Contains(name));
}
