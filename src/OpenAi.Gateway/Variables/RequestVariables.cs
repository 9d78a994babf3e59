using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>The words for parts of a request, in APISIX's (and nginx') vocabulary, without the leading <c>$</c>.</summary>
internal static class RequestVariables
{
    public const string Words =
        "remote_addr, consumer_name, uri, request_uri, upstream_uri, args, request_method, host, scheme, http_<header>, arg_<name>";

    /// <summary>Finds the reader of a variable, or <see langword="null"/> when the word is unknown.</summary>
    public static Func<HttpContext, string?>? Find(string word) => word switch
    {
        "remote_addr" => RemoteAddress,
        "consumer_name" => ConsumerName,
        "uri" => static context => context.Request.Path.Value,
        "request_uri" => static context => (context.Request.PathBase + context.Request.Path).ToUriComponent() + context.Request.QueryString.Value,
        "upstream_uri" => static context => GatewayRequest.Of(context).UpstreamPath,
        "args" => static context => context.Request.QueryString.Value is { Length: > 1 } query ? query[1..] : null,
        "request_method" => static context => context.Request.Method,
        "host" => static context => context.Request.Host.Host,
        "scheme" => static context => context.Request.Scheme,
        _ when Named(word, "http_") is { } name => Header(name.Replace('_', '-')),
        _ when Named(word, "arg_") is { } name => context => context.Request.Query[name].ToString(),
        _ => null,
    };

    /// <summary>
    /// The socket's peer, never a header: <c>UseForwardedHeaders</c> is the app's business. IPv4 in IPv6 clothes counts as IPv4.
    /// </summary>
    public static string RemoteAddress(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }

    /// <summary>The gateway's consumer, else the name of the user whom the app itself authenticated.</summary>
    public static string? ConsumerName(HttpContext context)
    {
        if (GatewayRequest.Of(context).Consumer is { } consumer)
        {
            return consumer.Name;
        }

        var user = context.User;
        return user.Identity is not { IsAuthenticated: true }
            ? null
            : user.Identity.Name ?? user.FindFirstValue(ClaimTypes.NameIdentifier) ?? user.FindFirstValue("sub");
    }

    private static Func<HttpContext, string?> Header(string name) => context => context.Request.Headers[name].ToString();

    private static string? Named(string word, string prefix) =>
        word.Length > prefix.Length && word.StartsWith(prefix, StringComparison.Ordinal) ? word[prefix.Length..] : null;
}
