using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway;

/// <summary>Gives a client the stream that another request brings, as it comes.</summary>
internal static class StreamFollower
{
    private const int MostAtOnce = 64 * 1024;

    /// <summary>
    /// Passes the stream on to its end. <see langword="false"/> when it broke before anything of it had come: then the client has got nothing, and
    /// something else can be tried.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="options">The cache's options.</param>
    /// <param name="reader">What the stream is read with.</param>
    /// <param name="begin">Called when the answer begins.</param>
    public static async Task<bool> FollowAsync(HttpContext context, ProxyCacheOptions options, SharedStreamReader reader, Action begin)
    {
        var stream = reader.Stream;
        using var registration = context.RequestAborted.UnsafeRegister(static reader => ((SharedStreamReader)reader!).Leave(), reader);
        await reader.WaitAsync();
        context.RequestAborted.ThrowIfCancellationRequested();
        if (reader.Position == stream.Length && stream.End > StreamEnd.Clean)
        {
            return false;
        }

        begin();
        CacheAnswer.WriteHead(context, options, stream.Status, stream.Headers, TimeSpan.Zero);
        context.Find<IHttpResponseBodyFeature>()?.DisableBuffering();
        var hasAll = false;
        try
        {
            hasAll = await CopyAsync(context, reader);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            // Either means that the client is gone.
        }

        if (!hasAll)
        {
            BreakOff(context, stream);
        }

        return true;
    }

    private static async Task<bool> CopyAsync(HttpContext context, SharedStreamReader reader)
    {
        var writer = context.Response.BodyWriter;
        while (true)
        {
            // The end is read before the bytes: once it is set, no more bytes come, and none can be missed.
            var end = reader.Stream.End;
            if (TakeAll(reader, writer))
            {
                if ((await writer.FlushAsync(context.RequestAborted)).IsCompleted)
                {
                    return false;
                }
            }
            else if (end != StreamEnd.None || reader.IsLost)
            {
                return end == StreamEnd.Clean && !reader.IsLost;
            }
            else
            {
                await reader.WaitAsync();
                context.RequestAborted.ThrowIfCancellationRequested();
            }
        }
    }

    // What is there goes out at once, but a long stream in several parts.
    private static bool TakeAll(SharedStreamReader reader, PipeWriter writer)
    {
        var before = reader.Position;
        while (reader.Position - before < MostAtOnce && reader.Take() is { IsEmpty: false } bytes)
        {
            writer.Write(bytes.Span);
        }

        return reader.Position > before;
    }

    private static void BreakOff(HttpContext context, SharedStream stream)
    {
        GatewayRequest.Of(context).IsIncomplete = true;
        if (stream.End == StreamEnd.Told && !context.RequestAborted.IsCancellationRequested)
        {
            throw new AnswerCutException();
        }

        context.Abort();
    }
}
