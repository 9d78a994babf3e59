using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway;

/// <summary>
/// A short answer is written without a flush, for the server to send it in one go with the end of the response. A body that a middleware has put in
/// the place of the server's, to collect or change what is written, must be flushed: nobody else would do it.
/// </summary>
internal static class UnflushedBody
{
    /// <summary>Flushes what was written to a body that is not the server's own.</summary>
    public static ValueTask FlushAsync(HttpContext context)
    {
        var body = context.Find<IHttpResponseBodyFeature>();

        // The server has one object for all its features: a body that is another object is not its own.
        return ReferenceEquals(body, context.Find<IHttpResponseFeature>()) || body?.Writer is null or { CanGetUnflushedBytes: true, UnflushedBytes: 0 }
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
