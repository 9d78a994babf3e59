using System.Buffers;
using System.IO.Pipelines;

namespace OpenAi.Gateway;

/// <summary>Moves an answer's bytes to the client as they come: each read is flushed at once, and nothing is allocated for it.</summary>
internal sealed class StreamPump(PipeWriter client, ForwardClock clock, TimeSpan idleTimeout, bool isEventStream, AnswerMeter? meter)
{
    private const int BufferSize = 4096;
    private SseTail _tail;

    /// <summary>The end of the event stream so far; empty for other answers.</summary>
    public SseTail Tail => _tail;

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

        // What is whole already goes out with the response's end.
        var isHere = left == 0 && !attempt.IsHttp2;
        if (attempt.FirstBytes.Length > 0 && !isHere && !await FlushAsync(clientGone) && left > 0)
        {
            return PumpEnd.ClientGone;
        }

        // An event stream's headers go out before its first event, which may be far away, but not alone when that is here already.
        var isHeadWaiting = isEventStream;

        while (left > 0)
        {
            Memory<byte> buffer;
            int read;
            try
            {
                clock.Restart(idleTimeout);
                if (isEventStream)
                {
                    // A stream that is silent between two events holds no buffer.
                    var waiting = upstream.ReadAsync(Memory<byte>.Empty, clock.Token);
                    if (isHeadWaiting && !waiting.IsCompleted)
                    {
                        _ = await FlushAsync(clientGone);
                        clock.Restart(idleTimeout);
                    }

                    isHeadWaiting = false;
                    _ = await waiting;
                }

                buffer = client.GetMemory(BufferSize);
                read = await upstream.ReadAsync(buffer, clock.Token);
            }
            catch (Exception error) when (error is IOException or OperationCanceledException or HttpRequestException)
            {
                return clientGone.IsCancellationRequested ? PumpEnd.ClientGone : clock.HasTimedOut ? PumpEnd.IdleTimeout : PumpEnd.Broken;
            }

            if (read == 0)
            {
                return PumpEnd.Complete;
            }

            if (isEventStream)
            {
                _tail.Append(buffer.Span[..read]);
            }

            meter?.Append(buffer.Span[..read]);
            left -= read;
            client.Advance(read);
            if (!await FlushAsync(clientGone) && left > 0)
            {
                return PumpEnd.ClientGone;
            }
        }

        if (attempt.IsHttp2)
        {
            await ReadEndAsync(upstream);
        }

        return PumpEnd.Complete;
    }

    // HTTP/2 sends its end separately; a stream left before it would be reset. The answer is whole whatever comes of this.
    private async Task ReadEndAsync(Stream upstream)
    {
        try
        {
            _ = await upstream.ReadAsync(new byte[1], clock.Token);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or HttpRequestException)
        {
        }
    }

    // False when the client is gone.
    private ValueTask<bool> FlushAsync(CancellationToken clientGone)
    {
        var flush = client.FlushAsync(clientGone);
        return flush.IsCompletedSuccessfully ? new(!flush.Result.IsCompleted) : WaitAsync(flush);
    }

    private async ValueTask<bool> WaitAsync(ValueTask<FlushResult> flush)
    {
        // A slow client is not a silent upstream.
        clock.Restart(Timeout.InfiniteTimeSpan);
        try
        {
            return !(await flush).IsCompleted;
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            return false;
        }
    }
}
