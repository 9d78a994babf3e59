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
    public static Func<GatewayRequest, string?>? Find(string word) => word switch
    {
        "remote_addr" => RemoteAddress,
        "consumer_name" => ConsumerName,
        "uri" => static request => request.Context.Request.Path.Value,
        "request_uri" => static request => RequestUri(request.Context.Request),
        "upstream_uri" => static request => request.UpstreamPath,
        "args" => static request => request.Context.Request.QueryString.Value is { Length: > 1 } query ? query[1..] : null,
        "request_method" => static request => request.Context.Request.Method,
        "host" => static request => request.Context.Request.Host.Host.ToLowerInvariant(), // Names of hosts are alike in any case.
        "scheme" => static request => request.Context.Request.Scheme,
        _ when Named(word, "http_") is { } name => Header(name.Replace('_', '-')),
        _ when Named(word, "arg_") is { } name => request => request.Context.Request.Query[name].ToString(),
        _ => null,
    };

    /// <summary>
    /// The socket's peer, never a header: <c>UseForwardedHeaders</c> is the app's business. IPv4 in IPv6 clothes counts as IPv4.
    /// </summary>
    public static string RemoteAddress(GatewayRequest request)
    {
        var address = request.Context.Connection.RemoteIpAddress ?? IPAddress.None;
        return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }

    /// <summary>The gateway's consumer, else the name of the user whom the app itself authenticated.</summary>
    public static string? ConsumerName(GatewayRequest request)
    {
        if (request.Consumer is { } consumer)
        {
            return consumer.Name;
        }

        return request.User is { Identity: { IsAuthenticated: true } identity } user
            ? identity.Name ?? user.FindFirstValue(ClaimTypes.NameIdentifier) ?? user.FindFirstValue("sub")
            : null;
    }

    private static string RequestUri(HttpRequest request) => (request.PathBase + request.Path).ToUriComponent() + request.QueryString.Value;

    private static Func<GatewayRequest, string?> Header(string name) => request => request.Context.Request.Headers[name].ToString();

    private static string? Named(string word, string prefix) =>
        word.Length > prefix.Length && word.StartsWith(prefix, StringComparison.Ordinal) ? word[prefix.Length..] : null;
}
