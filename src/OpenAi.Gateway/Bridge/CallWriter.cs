using System.IO.Pipelines;

namespace OpenAi.Gateway;

/// <summary>Takes one call's answer from the pump in place of the client; nothing of it is sent from here.</summary>
internal abstract class CallWriter : PipeWriter, IDisposable
{
    private ScratchBuffer _scratch;
    private Memory<byte> _given;

    public override Memory<byte> GetMemory(int sizeHint = 0) => _given = _scratch.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes) => Take(_given.Span[..bytes]);

    public override void CancelPendingFlush()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }

    public virtual void Dispose() => _scratch.GiveBack();

    /// <summary>Takes what came last. Gives whether it was the end of a whole answer.</summary>
    /// <param name="isComplete">Whether the connection brought all that it promised.</param>
    /// <param name="cancellationToken">Ends the wait for a slow client.</param>
    public abstract ValueTask<bool> FinishAsync(bool isComplete, CancellationToken cancellationToken);

    protected abstract void Take(ReadOnlySpan<byte> bytes);
}
