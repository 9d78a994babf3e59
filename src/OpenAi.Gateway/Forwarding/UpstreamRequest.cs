using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace OpenAi.Gateway;

/// <summary>Makes the message for one attempt: a message that was sent once cannot be sent again.</summary>
internal static class UpstreamRequest
{
    public static HttpRequestMessage Create(HttpContext context, RouteSettings route, UpstreamStep step, string path, RequestBody body)
    {
        var options = step.Upstream.Options;
        var message = new HttpRequestMessage(HttpMethod.Parse(context.Request.Method), step.Pair.Node.UriOf(path))
        {
            Version = options.HttpVersion,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        if (body.ContentLength != 0 || context.Request.ContentLength is not null)
        {
            message.Content = new RequestBodyContent(body);
        }

        CopyHeaders(context.Request.Headers, message, body);
        if (step.Pair.Key.Credential is { } credential)
        {
            Remove(message.Headers, options.ApiKeyHeader);
            message.Headers.TryAddWithoutValidation(options.ApiKeyHeader, credential);
        }

        foreach (var rule in route.HeaderRules)
        {
            // A key that the route sets belongs to the provider of its own upstream; no other provider may see it.
            if (!step.IsForeignKey(rule.Name))
            {
                Apply(rule, message);
            }
        }

        if (options.PassHost != PassHost.Node)
        {
            // A client may send an invalid host, or none; then the node's own is sent.
            TrySetHost(message, options.PassHost == PassHost.Pass ? context.Request.Host : new HostString(options.UpstreamHost!));
        }

        foreach (var transform in route.RequestTransforms)
        {
            transform(context, message);
        }

        return message;
    }

    /// <summary>Sets the <c>Host</c> header, unless the host is missing or invalid.</summary>
    public static bool TrySetHost(HttpRequestMessage message, HostString host)
    {
        if (!host.HasValue)
        {
            return false;
        }

        try
        {
            message.Headers.Host = host.ToUriComponent(); // In ASCII, as on the wire.
            return true;
        }
        catch (Exception error) when (error is FormatException or ArgumentException)
        {
            return false;
        }
    }

    private static void CopyHeaders(IHeaderDictionary headers, HttpRequestMessage message, RequestBody body)
    {
        var connection = headers.Connection;
        foreach (var (name, values) in headers)
        {
            if (HeaderFilter.StopsBeforeUpstream(name) || HeaderFilter.IsNamedBy(connection, name))
            {
                continue;
            }

            // Content headers, Content-Type above all, belong to the content.
            if (!TryAdd(message.Headers, name, values) && message.Content is { } content)
            {
                TryAdd(content.Headers, name, values);
            }
        }

        if (message.Content is { } json && body.LooksLikeJson && IsFormOrMissing(headers.ContentType))
        {
            // "curl -d" claims to send a form, whatever it sends; with that type the API would refuse the body.
            json.Headers.Remove(HeaderNames.ContentType);
            json.Headers.TryAddWithoutValidation(HeaderNames.ContentType, "application/json");
        }
    }

    private static bool TryAdd(HttpHeaders headers, string name, StringValues values) => values.Count == 1
        ? headers.TryAddWithoutValidation(name, values.ToString())
        : headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);

    private static bool IsFormOrMissing(StringValues contentType) =>
        StringValues.IsNullOrEmpty(contentType)
        || contentType.ToString().StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase);

    // Asked first: Remove throws for a header of the other kind, of the request or of its content.
    private static void Remove(HttpHeaders? headers, string name)
    {
        if (headers?.NonValidated.Contains(name) == true)
        {
            headers.Remove(name);
        }
    }

    private static void Apply(HeaderRule rule, HttpRequestMessage message)
    {
        if (!rule.KeepsOthers)
        {
            Remove(message.Headers, rule.Name);
            Remove(message.Content?.Headers, rule.Name);
        }

        if (rule.Value is { } value && !message.Headers.TryAddWithoutValidation(rule.Name, value))
        {
            message.Content?.Headers.TryAddWithoutValidation(rule.Name, value);
        }
    }
}
