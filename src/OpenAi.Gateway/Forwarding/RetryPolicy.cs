using System.Globalization;
using System.Net;

namespace OpenAi.Gateway;

/// <summary>Reads from an answer whether and when it may be asked for again, as OpenAI's SDKs do.</summary>
internal static class RetryPolicy
{
    /// <summary>A longer <c>Retry-After</c> is not believed: a node would be lost for a mistake.</summary>
    public static readonly TimeSpan LongestCooldown = TimeSpan.FromHours(1);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);

    /// <summary>Whether the body must be read to know what the status means.</summary>
    public static bool MayBeQuota(HttpStatusCode status) =>
        status is HttpStatusCode.TooManyRequests or HttpStatusCode.Forbidden or HttpStatusCode.PaymentRequired;

    /// <summary><c>x-should-retry</c> decides; without it 429 and the 5xx that are often temporary are tried again.</summary>
    public static bool MayRetry(HttpResponseMessage response) => Header(response, "x-should-retry") switch
    {
        "true" => (int)response.StatusCode >= 400,
        "false" => false,
        _ => (int)response.StatusCode is 429 or 500 or 502 or 503 or 504,
    };

    /// <summary>An exhausted quota stays exhausted: asking again with the same key only costs time.</summary>
    public static bool IsOutOfQuota(HttpStatusCode status, ReadOnlySpan<byte> body) =>
        MayBeQuota(status) && body.IndexOf("\"insufficient_quota\""u8) >= 0;

    /// <summary>
    /// The pause that the upstream asks for: <c>retry-after-ms</c>, or <c>Retry-After</c> in seconds or as a date (RFC 9110, 10.2.3). A 429
    /// without them tells with <c>x-ratelimit-reset-*</c> when its limits are whole again.
    /// </summary>
    public static TimeSpan? Asked(HttpResponseMessage response, TimeProvider time) =>
        RetryAfter(response, time) ?? (response.StatusCode == HttpStatusCode.TooManyRequests ? LimitReset(response) : null);

    /// <summary>The pause that <c>retry-after-ms</c> or <c>Retry-After</c> asks for.</summary>
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

    // When the limit that is spent comes back; when both are spent, or the headers do not say which, the later time of the two.
    private static TimeSpan? LimitReset(HttpResponseMessage response)
    {
        var requests = GoDuration.Parse(Header(response, "x-ratelimit-reset-requests"));
        var tokens = GoDuration.Parse(Header(response, "x-ratelimit-reset-tokens"));
        var areRequestsSpent = requests is not null && Number(Header(response, "x-ratelimit-remaining-requests")) == 0;
        var areTokensSpent = tokens is not null && Number(Header(response, "x-ratelimit-remaining-tokens")) == 0;
        if (areRequestsSpent != areTokensSpent)
        {
            return areRequestsSpent ? requests : tokens;
        }

        return requests > tokens || tokens is null ? requests : tokens;
    }

    // The highest of several, as when two servers have each added one: read as one text, they may look like a date.
    private static double? Number(string? text)
    {
        double? highest = null;
        foreach (var part in text.AsSpan().Split(','))
        {
            if (!double.TryParse(text.AsSpan(part).Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) || double.IsNaN(number))
            {
                return null;
            }

            highest = Math.Max(highest ?? 0, Math.Clamp(number, 0, 1e9));
        }

        return highest;
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;
}
