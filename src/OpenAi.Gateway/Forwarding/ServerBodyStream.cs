using System.Buffers;
using System.IO.Pipelines;

namespace OpenAi.Gateway;

/// <summary>
/// Reads a request's body so that a read can be given up. On the server's own stream, a read that is cancelled by its token stays unfinished, and the
/// server can then neither read what the client still sends nor use the connection again.
/// </summary>
internal sealed class ServerBodyStream(PipeReader body) : RequestStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var givenUp = cancellationToken.UnsafeRegister(GiveUp, body);
        while (true)
        {
            var read = await body.ReadAsync(CancellationToken.None);
            var taken = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, buffer.Length));
            taken.CopyTo(buffer.Span);
            var count = (int)taken.Length;
            body.AdvanceTo(taken.End);
            if (count > 0 || read.IsCompleted)
            {
                return count;
            }

            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private static void GiveUp(object? body)
    {
        try
        {
            ((PipeReader)body!).CancelPendingRead();
        }
        catch (Exception error) when (error is IOException or InvalidOperationException or OperationCanceledException)
        {
            // The client is gone, and with it the read.
        }
    }
}
