using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace OpenAi.Gateway;

/// <summary>What <c>Cache-Control</c> of client and upstream says (RFC 9111), for caches that are to obey it.</summary>
internal static partial class CacheControlRules
{
    // A larger number of seconds counts as this one (RFC 9111, 1.2.2).
    private const string LargestNumber = "2147483647";

    /// <summary>Whether the client wants neither a stored answer nor its own to be stored.</summary>
    public static bool ForbidsStoring(ProxyCacheOptions options, HttpRequest request) => OfClient(options, request)?.NoStore == true;

    /// <summary>Whether the client wants a new answer, which may be stored.</summary>
    public static bool AsksUpstream(ProxyCacheOptions options, HttpRequest request) => OfClient(options, request)?.NoCache == true;

    /// <summary>Whether the client does not want the upstream to be called.</summary>
    public static bool AsksOnlyCache(ProxyCacheOptions options, HttpRequest request) => OfClient(options, request)?.OnlyIfCached == true;

    /// <summary>Whether the client takes an entry of this age.</summary>
    public static bool Accepts(ProxyCacheOptions options, HttpRequest request, CacheEntry entry, DateTimeOffset now)
    {
        if (OfClient(options, request) is not { } control)
        {
            return true;
        }

        var age = entry.Age(now);
        return !control.NoCache
            && (control.MaxAge is not { } maxAge || age <= maxAge)
            && (control.MinFresh is not { } minFresh || entry.FreshFor - age >= minFresh);
    }

    /// <summary>How old the answer is already by its <c>Age</c> header, which it has when it came from a cache of the upstream's.</summary>
    public static TimeSpan AgeOf(IHeaderDictionary headers) =>
        headers.Age is [{ } age, ..] && HeaderUtilities.TryParseNonNegativeInt64(age, out var seconds)
            ? TimeSpan.FromSeconds(Math.Min(seconds, int.MaxValue))
            : TimeSpan.Zero;

    /// <summary>How long the upstream lets its answer be given, from when it was made; <see langword="null"/> when it must not be stored.</summary>
    public static TimeSpan? FreshFor(IHeaderDictionary headers, TimeSpan age, TimeSpan otherwise, DateTimeOffset now)
    {
        var control = Parse(headers.CacheControl);
        if (control is null && headers.CacheControl.Count > 0)
        {
            // A header that cannot be read may forbid storing.
            return null;
        }

        if (control is { NoStore: true } or { NoCache: true } or { Private: true })
        {
            return null;
        }

        var freshFor = control?.SharedMaxAge ?? control?.MaxAge ?? Expires(headers.Expires, now - age) ?? otherwise;
        return freshFor > age ? freshFor : null;
    }

    /// <summary>Whether the upstream forbids giving its answer once it is stale (RFC 9111, 4.2.4).</summary>
    public static bool ForbidsStale(CacheEntry entry) => Parse(entry.Headers.ValuesOf(HeaderNames.CacheControl))
        is { MustRevalidate: true } or { ProxyRevalidate: true } or { SharedMaxAge: not null };

    // Null when the client says nothing, or the options do not obey it.
    private static CacheControlHeaderValue? OfClient(ProxyCacheOptions options, HttpRequest request) =>
        options.ObeysClient ? Parse(request.Headers.CacheControl) : null;

    private static TimeSpan? Expires(StringValues header, DateTimeOffset now)
    {
        if (header.Count == 0)
        {
            return null;
        }

        // A date that cannot be read lies in the past (RFC 9111, 5.3).
        return HeaderUtilities.TryParseDate(header.ToString(), out var date) ? date - now : TimeSpan.Zero;
    }

    private static CacheControlHeaderValue? Parse(StringValues header) => header.Count == 0 ? null : Parse(header.ToString());

    private static CacheControlHeaderValue? Parse(string text) =>
        CacheControlHeaderValue.TryParse(text, out var control) || CacheControlHeaderValue.TryParse(LargeNumber().Replace(text, LargestNumber), out control)
            ? control
            : null;

    [GeneratedRegex("[0-9]{10,}")]
    private static partial Regex LargeNumber();
}
