using System.IO.Pipelines;

namespace OpenAi.Gateway;

/// <summary>Keeps one call's whole answer, up to a limit.</summary>
internal sealed class BodyWriter(int maxBody) : CallWriter
{
    private readonly PooledBytes _body = new();

    /// <summary>Whether there was more of it than is kept.</summary>
    public bool IsTooLarge { get; private set; }

    public ReadOnlyMemory<byte> Body => _body.Memory;

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
        new(new FlushResult(isCanceled: false, isCompleted: IsTooLarge));

    public override void Dispose()
    {
        base.Dispose();
        _body.Dispose();
    }

    protected override void Take(ReadOnlySpan<byte> bytes)
    {
        IsTooLarge |= bytes.Length > maxBody - _body.Length;
        if (!IsTooLarge)
        {
            _body.Append(bytes);
        }
    }
}
