using System.Buffers;
using System.IO.Pipelines;

namespace OpenAi.Gateway;

/// <summary>Moves an answer's bytes to the client as they come: each read is flushed at once, and nothing is allocated for it.</summary>
internal sealed class StreamPump(
    PipeWriter client, ForwardClock clock, TimeSpan idleTimeout, bool isEventStream, AnswerMeter? meter, bool endsWithDone = true)
{
    private const int EventSize = 4096;
    private const int BodySize = 16 * 1024;

    /// <summary>The end of the event stream so far; <see langword="null"/> for other answers.</summary>
    public SseTail? Tail { get; } = isEventStream ? new(isNamed: !endsWithDone) : null;

    public async Task<PumpEnd> CopyAsync(ForwardAttempt attempt, CancellationToken clientGone)
    {
        var upstream = attempt.Body;
        var left = (attempt.ContentLength ?? long.MaxValue) - attempt.FirstBytes.Length;
        client.Write(attempt.FirstBytes);
        if (left == 0)
        {
            meter?.ReadWhole(attempt.FirstBytes);
        }
        else
        {
            meter?.Append(attempt.FirstBytes);
        }

        // An answer that is whole already is flushed with the response's end.
        var isHere = left == 0 && !attempt.IsHttp2;
        if (attempt.FirstBytes.Length > 0 && !isHere && !await SendAsync(default, clientGone) && left > 0)
        {
            return PumpEnd.ClientGone;
        }

        for (var isFirst = true; left > 0; isFirst = false)
        {
            byte[] buffer = [];
            try
            {
                clock.Restart(idleTimeout);
                if (isEventStream)
                {
                    // A stream that is silent between two events holds no buffer.
                    var waiting = upstream.ReadAsync(Memory<byte>.Empty, clock.Token);
                    if (isFirst && !waiting.IsCompleted)
                    {
                        // The headers do not wait for a first event that may be far away. One that is here already goes out together with them.
                        await SendAsync(default, clientGone);
                        clock.Restart(idleTimeout);
                    }

                    await waiting;
                }

                buffer = ArrayPool<byte>.Shared.Rent(isEventStream ? EventSize : BodySize);
                var read = await upstream.ReadAsync(buffer, clock.Token);
                if (read == 0)
                {
                    return PumpEnd.Complete;
                }

                left -= read;
                if (!await PassAsync(buffer.AsMemory(0, read), isFirst, clientGone) && left > 0)
                {
                    return PumpEnd.ClientGone;
                }
            }
            catch (Exception error) when (error is IOException or OperationCanceledException or HttpRequestException)
            {
                return clientGone.IsCancellationRequested ? PumpEnd.ClientGone : clock.HasTimedOut ? PumpEnd.IdleTimeout : PumpEnd.Broken;
            }
            finally
            {
                if (buffer.Length > 0)
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }
            }
        }

        if (attempt.IsHttp2)
        {
            await ReadEndAsync(upstream);
        }

        return PumpEnd.Complete;
    }

    // False when the client is gone.
    private async ValueTask<bool> PassAsync(ReadOnlyMemory<byte> piece, bool isFirst, CancellationToken clientGone)
    {
        Tail?.Append(piece.Span);
        var isFirstEvent = isFirst && isEventStream && meter is not null;
        var cameAt = isFirstEvent ? meter?.Now : null;
        var sending = SendAsync(piece, clientGone);
        if (isFirstEvent)
        {
            // The client waits for it: on a single processor it would otherwise be sent only after the meter has read it.
            await default(YieldToQueuedWork);
        }

        meter?.Append(piece.Span, cameAt);
        return await sending;
    }

    // HTTP/2 sends its end separately; a stream left before it would be reset. The answer is whole whatever comes of this.
    private async Task ReadEndAsync(Stream upstream)
    {
        try
        {
            clock.Restart(idleTimeout);
            _ = await upstream.ReadAsync(new byte[1], clock.Token);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or HttpRequestException)
        {
        }
    }

    // Sends a piece, or only what was written before. False, and no exception, when the client is gone: the meter still has to read the piece.
    private async ValueTask<bool> SendAsync(ReadOnlyMemory<byte> piece, CancellationToken clientGone)
    {
        try
        {
            var sending = piece.IsEmpty ? client.FlushAsync(clientGone) : client.WriteAsync(piece, clientGone);
            if (!sending.IsCompleted)
            {
                // A slow client is not a silent upstream.
                clock.Restart(Timeout.InfiniteTimeSpan);
            }

            return !(await sending).IsCompleted;
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            return false;
        }
    }
}
