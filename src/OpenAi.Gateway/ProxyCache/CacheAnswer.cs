using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace OpenAi.Gateway;

/// <summary>Writes the cache's side of a response: the status header, and stored answers.</summary>
internal static class CacheAnswer
{
    private const int MostUnflushed = 32 * 1024;

    public static void Mark(GatewayRequest request, ProxyCacheOptions options, CacheStatus status)
    {
        request.CacheStatus = status;
        request.Context.Response.Headers[options.StatusHeader] = Text(status);
    }

    /// <summary>The status as the header and the metrics spell it.</summary>
    public static string Text(CacheStatus status) => status switch
    {
        CacheStatus.Hit => "HIT",
        CacheStatus.Miss => "MISS",
        CacheStatus.Expired => "EXPIRED",
        CacheStatus.Stale => "STALE",
        _ => "BYPASS",
    };

    public static Task WriteAsync(HttpContext context, ProxyCacheOptions options, CacheEntry entry, DateTimeOffset now)
    {
        var response = context.Response;
        WriteHead(context, options, entry.Status, entry.Headers, entry.Age(now));
        if (entry.Status == StatusCodes.Status204NoContent)
        {
            return Task.CompletedTask;
        }

        response.ContentLength = entry.Body.Length;
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return Task.CompletedTask;
        }

        if (entry.Body.Length > MostUnflushed)
        {
            return response.BodyWriter.WriteAsync(entry.Body, context.RequestAborted).AsTask();
        }

        // The server flushes it with the end of the response, in one go.
        response.BodyWriter.Write(entry.Body.Span);
        return Task.CompletedTask;
    }

    public static void WriteHead(
        HttpContext context, ProxyCacheOptions options, int status, KeyValuePair<string, StringValues>[] headers, TimeSpan age)
    {
        var response = context.Response;
        response.StatusCode = status;
        foreach (var (name, values) in headers)
        {
            if (!options.HideCacheHeaders || !IsCacheHeader(name))
            {
                response.Headers[name] = values;
            }
        }

        if (!options.HideCacheHeaders)
        {
            response.Headers.Age = ((long)age.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Keeps the cache headers of the upstream's answer from the client.</summary>
    public static void HideHeaders(HttpContext context) => context.Response.OnStarting(
        static response =>
        {
            var headers = ((HttpResponse)response).Headers;
            headers.Remove("Cache-Control");
            headers.Remove("Expires");
            headers.Remove("Age");
            return Task.CompletedTask;
        },
        context.Response);

    private static bool IsCacheHeader(string name) =>
        name.Equals("Cache-Control", StringComparison.OrdinalIgnoreCase) || name.Equals("Expires", StringComparison.OrdinalIgnoreCase);
}
