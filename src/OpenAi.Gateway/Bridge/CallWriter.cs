using System.Buffers;
using System.IO.Pipelines;

namespace OpenAi.Gateway;

/// <summary>Takes one call's answer from the pump in place of the client; nothing of it is sent from here.</summary>
internal abstract class CallWriter : PipeWriter, IDisposable
{
    private const int SmallestSize = 4096;

    private byte[] _given = [];

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        var size = Math.Max(sizeHint, SmallestSize);
        if (_given.Length < size)
        {
            ArrayPool<byte>.Shared.Return(_given);
            _given = ArrayPool<byte>.Shared.Rent(size);
        }

        return _given;
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes) => Take(_given.AsSpan(0, bytes));

    public override void CancelPendingFlush()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }

    public virtual void Dispose()
    {
        var given = _given;
        _given = [];
        ArrayPool<byte>.Shared.Return(given);
    }

    /// <summary>Takes what came last. Gives whether it was the end of a whole answer.</summary>
    /// <param name="isComplete">Whether the connection brought all that it promised.</param>
    /// <param name="cancellationToken">Ends the wait for a slow client.</param>
    public abstract ValueTask<bool> FinishAsync(bool isComplete, CancellationToken cancellationToken);

    protected abstract void Take(ReadOnlySpan<byte> bytes);
}
