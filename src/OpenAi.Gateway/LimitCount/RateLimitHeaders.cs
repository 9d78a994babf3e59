using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>The headers that tell a caller how much of a limit is left: of requests in APISIX's names, of tokens in OpenAI's.</summary>
internal static class RateLimitHeaders
{
    public const string Limit = "X-RateLimit-Limit";
    public const string Remaining = "X-RateLimit-Remaining";
    public const string Reset = "X-RateLimit-Reset";
    public const string LimitTokens = "X-RateLimit-Limit-Tokens";
    public const string RemainingTokens = "X-RateLimit-Remaining-Tokens";
    public const string ResetTokens = "X-RateLimit-Reset-Tokens";

    public static void Write(HttpResponse response, LimitCountPolicy.Compiled limit, long remaining, TimeSpan resetAfter)
    {
        if (limit.Options.ShowLimitQuotaHeader)
        {
            var headers = response.Headers;
            headers[Limit] = limit.CountText;
            headers[Remaining] = Text(remaining);
            headers[Reset] = Text(OpenAiErrorWriter.WholeSeconds(resetAfter));
        }
    }

    public static void WriteTokens(HttpResponse response, long limit, long remaining, TimeSpan resetAfter)
    {
        var headers = response.Headers;
        headers[LimitTokens] = Text(limit);
        headers[RemainingTokens] = Text(remaining);
        headers[ResetTokens] = Text(OpenAiErrorWriter.WholeSeconds(resetAfter));
    }

    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
