using System.Globalization;
using System.Net;

namespace OpenAi.Gateway;

/// <summary>Reads from an answer whether and when it may be asked for again, as OpenAI's SDKs do.</summary>
internal static class RetryPolicy
{
    /// <summary>A longer <c>Retry-After</c> is not believed: a node would be lost for a mistake.</summary>
    public static readonly TimeSpan LongestRest = TimeSpan.FromHours(1);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);

    /// <summary>Whether the node should rest after this status.</summary>
    public static bool IsFailure(HttpStatusCode status) => status == HttpStatusCode.TooManyRequests || (int)status >= 500;

    /// <summary><c>x-should-retry</c> decides; without it 429 and the 5xx that may pass are tried again.</summary>
    public static bool MayRetry(HttpResponseMessage response) => Header(response, "x-should-retry") switch
    {
        "true" => (int)response.StatusCode >= 400,
        "false" => false,
        _ => (int)response.StatusCode is 429 or 500 or 502 or 503 or 504,
    };

    /// <summary>An exhausted quota stays exhausted: asking again only costs time.</summary>
    public static bool IsOutOfQuota(HttpStatusCode status, ReadOnlySpan<byte> body) =>
        status == HttpStatusCode.TooManyRequests && body.IndexOf("\"insufficient_quota\""u8) >= 0;

    /// <summary>The pause that the upstream asks for: <c>retry-after-ms</c>, or <c>Retry-After</c> in seconds or as a date (RFC 9110, 10.2.3).</summary>
    public static TimeSpan? RetryAfter(HttpResponseMessage response, TimeProvider time)
    {
        if (Number(Header(response, "retry-after-ms")) is { } milliseconds)
        {
            return TimeSpan.FromMilliseconds(milliseconds);
        }

        var value = Header(response, "Retry-After");
        if (Number(value) is { } seconds)
        {
            return TimeSpan.FromSeconds(seconds);
        }

        return DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? TimeSpan.FromTicks(Math.Max(0, (date - time.GetUtcNow()).Ticks))
            : null;
    }

    /// <summary>The pause when the upstream asks for none: doubled each time, spread by a quarter so that clients do not come back in step.</summary>
    public static TimeSpan Pause(int attempt) =>
        FirstPause * Math.Pow(2, Math.Min(attempt - 1, 10)) * (0.75 + (Random.Shared.NextDouble() / 2));

    private static double? Number(string? text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? Math.Min(number, 1e9) : null;

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;
}
