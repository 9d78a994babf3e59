namespace OpenAiSimulator;

/// <summary>The headers that OpenAI and its CDN send with every answer.</summary>
internal sealed class ResponseHeadersMiddleware(RequestDelegate next)
{
    private long _requests;

    public Task InvokeAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers["openai-version"] = "2020-10-01";
        headers["openai-organization"] = "org-simulator";
        headers["openai-processing-ms"] = "12";
        headers["x-request-id"] = $"req_{Interlocked.Increment(ref _requests):x32}";
        headers["x-ratelimit-limit-requests"] = "3000";
        headers["x-ratelimit-remaining-requests"] = "2999";
        headers["x-ratelimit-reset-requests"] = "20ms";
        headers.CacheControl = "no-cache, must-revalidate";
        headers.SetCookie = "__cf_bm=simulator; path=/; HttpOnly; Secure; SameSite=None";
        return next(context);
    }
}
