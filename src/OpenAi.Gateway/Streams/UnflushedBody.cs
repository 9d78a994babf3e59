using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway;

/// <summary>
/// A short answer is left for the server to send with the end of the response, in one go. When a middleware has put another body in place of
/// the server's, to collect or change what is written, nobody else does that.
/// </summary>
internal static class UnflushedBody
{
    /// <summary>Flushes what was written to a body that is not the server's own.</summary>
    public static ValueTask FlushAsync(HttpContext context)
    {
        var body = context.Features.Get<IHttpResponseBodyFeature>();

        // A server's features are one object.
        return ReferenceEquals(body, context.Features.Get<IHttpResponseFeature>()) || body?.Writer is null or { CanGetUnflushedBytes: true, UnflushedBytes: 0 }
            ? default
            : FlushAsync(body.Writer);
    }

    private static async ValueTask FlushAsync(PipeWriter body)
    {
        try
        {
            await body.FlushAsync();
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            // The client is gone, however that shows.
        }
    }
}
