using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>The headers that tell a caller how much of a limit is left, in APISIX's names.</summary>
internal static class RateLimitHeaders
{
    public const string Limit = "X-RateLimit-Limit";
    public const string Remaining = "X-RateLimit-Remaining";
    public const string Reset = "X-RateLimit-Reset";

    public static void Write(HttpResponse response, LimitCountOptions options, long remaining, TimeSpan resetAfter)
    {
        if (options.ShowLimitQuotaHeader)
        {
            var headers = response.Headers;
            headers[Limit] = Text(options.Count);
            headers[Remaining] = Text(remaining);
            headers[Reset] = Text(OpenAiErrorWriter.WholeSeconds(resetAfter));
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
