using Microsoft.Extensions.Primitives;

namespace OpenAi.Gateway;

/// <summary>The headers that stop at the gateway, in each direction.</summary>
internal static class HeaderFilter
{
    /// <summary>The headers that carry a provider's key.</summary>
    public static readonly string[] HoldingKeys = ["Authorization", "api-key", "x-api-key"];

    // RFC 9110, 7.6.1, and the older names that some software still sends.
    private static readonly string[] HopByHop =
    [
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Authentication-Info",
        "TE", "Trailer", "Transfer-Encoding", "Upgrade", "HTTP2-Settings",
    ];

    private static readonly HeaderNameSet OfOneHop = new(HopByHop);

    private static readonly HeaderNameSet Keys = new(HoldingKeys);

    private static readonly HeaderNameSet NotToUpstream = new(
    [
        .. HopByHop,

        // Framing and Host are made anew for each attempt.
        "Host", "Content-Length", "Expect",

        // The client's credentials: the gateway has its own.
        .. HoldingKeys, "Cookie", "Cookie2",

        // Who the client is and where it came from is not the provider's business.
        "Forwarded", "X-Real-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "CF-Connecting-IPv6", "Via", "Origin", "Referer",
        "X-Rewrite-URL", "X-ARR-ClientCert", "X-Client-Cert", "Cf-Access-Jwt-Assertion", "Cf-Access-Authenticated-User-Email",

        // It is for the route to say which methods pass.
        "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override",

        // The app's traces are not the provider's business either.
        "traceparent", "tracestate", "baggage", "Request-Id", "Correlation-Context",

        // A compressed answer could be neither metered nor shared between clients.
        "Accept-Encoding",
    ]);

    // X-Original-For and its like keep what UseForwardedHeaders has replaced; the others say whom a proxy in front of the app let in, with their tokens.
    private static readonly string[] OfProxy =
    [
        "X-Forwarded-", "X-Original-", "X-Consumer-", "X-MS-Token-", "X-MS-Client-Principal", "X-Amzn-Oidc-", "X-Auth-Request-", "X-Goog-IAP-",
        "X-Goog-Authenticated-User-",
    ];

    private static readonly HeaderNameSet NotToClient = new(
    [
        .. HopByHop,
        "Set-Cookie", "Set-Cookie2", "Alt-Svc", "Strict-Transport-Security", "Public-Key-Pins", "Public-Key-Pins-Report-Only", "Expect-CT",
        "Clear-Site-Data", "Service-Worker-Allowed", "NEL", "Report-To", "Reporting-Endpoints",
        "Server", "Via", "Date", .. HoldingKeys, "WWW-Authenticate",

        // It is for the app to say which sites may read the gateway's answers.
        "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",
        "Access-Control-Allow-Private-Network", "Access-Control-Expose-Headers", "Access-Control-Max-Age", "Timing-Allow-Origin",
    ]);

    public static bool StopsBeforeUpstream(string name) =>
        NotToUpstream.Contains(name) || name is [':', ..] || (name is ['x' or 'X', ..] && IsOfProxy(name));

    /// <summary>Whether the header is one that carries a provider's key.</summary>
    public static bool HoldsKey(string name) => Keys.Contains(name);

    public static bool StopsBeforeClient(string name) => NotToClient.Contains(name);

    /// <summary>Whether the header says where a message ends or how to read it, and cannot be used for anything else.</summary>
    public static bool IsOfMessage(string name) => OfOneHop.Contains(name) || name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase);

    /// <summary>RFC 9110, 7.6.1: a header that Connection names is for this hop only.</summary>
    public static bool IsNamedBy(StringValues connection, string name) =>
        connection.Count > 0 && connection is not ["keep-alive"] && IsOption(connection, name);

    private static bool IsOfProxy(string name)
    {
        foreach (var beginning in OfProxy)
        {
            // The SDKs send seven headers that begin with X-, all of them x-stainless-; their third letter tells them from all of these.
            if (name.Length > 2 && (name[2] | 0x20) == (beginning[2] | 0x20) && name.StartsWith(beginning, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsOption(StringValues connection, string name)
    {
        foreach (var line in connection)
        {
            foreach (var option in line.AsSpan().Split(','))
            {
                if (line.AsSpan()[option].Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
