using System.IO.Pipelines;

namespace OpenAi.Gateway;

/// <summary>Turns one call's events into those of the legacy stream as they come. The calls of one request write one after the other.</summary>
internal sealed class EventWriter(int call, BridgeStream stream, PipeWriter client, SemaphoreSlim turn) : CallWriter
{
    private readonly SseParser _parser = new();
    private readonly PooledBytes _taken = new();

    /// <summary>Whether an event was none of a chat's stream.</summary>
    public bool IsBroken { get; private set; }

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            WriteEvents();
            var flushed = await client.FlushAsync(cancellationToken);
            return IsBroken || stream.HasFailed ? new FlushResult(isCanceled: false, isCompleted: true) : flushed;
        }
        finally
        {
            turn.Release();
        }
    }

    // What came last may lack its blank line. How the connection ends does not matter: the stream itself tells its end.
    public override async ValueTask<bool> FinishAsync(bool isComplete, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            if (!IsBroken && _parser.TryReadRest(out var last) && !last.Data.IsEmpty)
            {
                IsBroken = !stream.TryWrite(call, last, client);
                await client.FlushAsync(cancellationToken);
            }

            return stream.IsWhole(call);
        }
        finally
        {
            turn.Release();
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _parser.Dispose();
        _taken.Dispose();
    }

    protected override void Take(ReadOnlySpan<byte> bytes) => _taken.Append(bytes);

    private void WriteEvents()
    {
        ReadOnlySpan<byte> bytes = _taken.Span;
        while (!IsBroken && _parser.TryRead(ref bytes, out var found))
        {
            IsBroken = !stream.TryWrite(call, found, client);
        }

        _taken.Clear();
    }
}
