using System.IO.Pipelines;

namespace OpenAi.Gateway;

/// <summary>Keeps one call's whole answer, up to a limit.</summary>
internal sealed class BodyWriter(int maxBody) : CallWriter
{
    private readonly PooledBytes _body = new();
    private bool _isTooLarge;

    public ReadOnlyMemory<byte> Body => _body.Memory;

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
        new(new FlushResult(isCanceled: false, isCompleted: _isTooLarge));

    public override ValueTask<bool> FinishAsync(bool isComplete, CancellationToken cancellationToken) => new(isComplete && !_isTooLarge);

    public override void Dispose()
    {
        base.Dispose();
        _body.Dispose();
    }

    protected override void Take(ReadOnlySpan<byte> bytes)
    {
        _isTooLarge |= bytes.Length > maxBody - _body.Length;
        if (!_isTooLarge)
        {
            _body.Append(bytes);
        }
    }
}
