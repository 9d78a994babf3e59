using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace OpenAi.Gateway;

/// <summary>Which answers may be stored by their headers, and which of their headers are stored with them.</summary>
internal static class CacheableHead
{
    // These belong to one answer or one connection, or are made anew for each answer.
    private static readonly HeaderNameSet NotStored = new(
        "Set-Cookie", "Set-Cookie2", "Connection", "Keep-Alive", "Transfer-Encoding", "Trailer", "Upgrade", "Content-Length", "Date", "Server",
        "Age", "Alt-Svc", "Retry-After");

    /// <summary>
    /// Whether an answer suits everybody who asks the same: an encoded one suits only some clients, one with a cookie a single client, and one that
    /// varies by a header only some requests. (<c>Accept-Encoding</c> and <c>Origin</c> do not count: the gateway does not send them upstream.)
    /// </summary>
    public static bool IsCacheable(IHeaderDictionary headers, HeadBefore before, bool isForwarded) =>
        !ContentHeaders.IsEncoded(headers.ContentEncoding)
        && StringValues.IsNullOrEmpty(headers.ContentRange)
        && headers.SetCookie == before[HeaderNames.SetCookie]
        && (isForwarded
            ? headers.Vary.Count == 0 || headers.Vary.All(line => (line ?? "").Split(',', StringSplitOptions.TrimEntries).All(IsHarmless))
            : headers.Vary == before[HeaderNames.Vary]);

    /// <summary>The headers to store: those of the answer itself, without those that the app had set <paramref name="before"/>.</summary>
    public static KeyValuePair<string, StringValues>[] Of(IHeaderDictionary headers, HeadBefore before, string statusHeader)
    {
        using var all = new HeaderSnapshot(headers);
        var count = 0;
        foreach (var header in all.Headers)
        {
            // What was left of a rate limit then means nothing to those who get the answer later.
            if (!NotStored.Contains(header.Key)
                && !header.Key.StartsWith("x-ratelimit-", StringComparison.OrdinalIgnoreCase)
                && !header.Key.Equals(statusHeader, StringComparison.OrdinalIgnoreCase)
                && !before.Has(header))
            {
                all.Headers[count++] = header;
            }
        }

        return all.Headers[..count].ToArray();
    }

    private static bool IsHarmless(string name) =>
        name.Length == 0 || name.Equals("Accept-Encoding", StringComparison.OrdinalIgnoreCase) || name.Equals("Origin", StringComparison.OrdinalIgnoreCase);
}
