using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace OpenAi.Gateway;

/// <summary>Which answers may be stored by their headers, and which of their headers are stored with them.</summary>
internal static class CacheableHead
{
    // Of this one answer or connection only, or made anew for each.
    private static readonly FrozenSet<string> NotStored = new[]
    {
        "Set-Cookie", "Set-Cookie2", "Connection", "Keep-Alive", "Transfer-Encoding", "Trailer", "Upgrade", "Content-Length", "Date", "Server",
        "Age", "Alt-Svc", "Retry-After",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// An encoded answer suits only some clients; one that varies with a header that is not in the key suits only some requests. (The gateway
    /// itself asks without <c>Accept-Encoding</c> and <c>Origin</c>.)
    /// </summary>
    public static bool IsCacheable(IHeaderDictionary headers) =>
        (StringValues.IsNullOrEmpty(headers.ContentEncoding) || headers.ContentEncoding == "identity")
        && StringValues.IsNullOrEmpty(headers.ContentRange)
        && headers.Vary.All(line => (line ?? "").Split(',', StringSplitOptions.TrimEntries).All(IsHarmless));

    /// <summary>The headers to store: those of the answer itself, without those that the app had set before (<paramref name="others"/>).</summary>
    public static List<KeyValuePair<string, StringValues>> Of(IHeaderDictionary headers, IReadOnlyCollection<string> others)
    {
        var stored = new List<KeyValuePair<string, StringValues>>(headers.Count);
        foreach (var header in headers)
        {
            // How much of a limit was left then says nothing now.
            if (!NotStored.Contains(header.Key)
                && !header.Key.StartsWith("x-ratelimit-", StringComparison.OrdinalIgnoreCase)
                && !others.Contains(header.Key, StringComparer.OrdinalIgnoreCase))
            {
                stored.Add(header);
            }
        }

        return stored;
    }

    private static bool IsHarmless(string name) =>
        name.Length == 0 || name.Equals("Accept-Encoding", StringComparison.OrdinalIgnoreCase) || name.Equals("Origin", StringComparison.OrdinalIgnoreCase);
}
