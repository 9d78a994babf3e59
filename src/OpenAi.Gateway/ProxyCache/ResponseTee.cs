using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway;

/// <summary>
/// Stands between an endpoint and the client: bytes go on at once and are remembered on the way. When the answer begins, the cache decides:
/// remember it, let it pass, or hold a failure back because there is something better to send.
/// </summary>
internal sealed class ResponseTee(IHttpResponseBodyFeature client, int maxBodySize, Func<TeeMode> decide) : ResponseWriter(client), IDisposable
{
    private byte[] _remembered = [];
    private byte[] _heldBack = [];
    private int _length;
    private Memory<byte> _given;

    /// <summary>What was decided, or <see langword="null"/> while the answer has not begun.</summary>
    public TeeMode? Mode { get; private set; }

    /// <summary>The bytes of the answer, as long as <see cref="Mode"/> is <see cref="TeeMode.Remember"/>.</summary>
    public ReadOnlyMemory<byte> Body => _remembered.AsMemory(0, _length);

    /// <summary>Decides for an answer that has no bytes.</summary>
    public void Begin() => Mode ??= decide();

    public override Task StartAsync(CancellationToken cancellationToken = default)
    {
        Begin();
        return Mode == TeeMode.HoldBack ? Task.CompletedTask : Client.StartAsync(cancellationToken);
    }

    public override Task CompleteAsync()
    {
        Begin();
        return Mode == TeeMode.HoldBack ? Task.CompletedTask : Client.CompleteAsync();
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Begin();
        return _given = Mode == TeeMode.HoldBack ? ScratchMemory(sizeHint) : Client.Writer.GetMemory(sizeHint);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        Begin();

        // Nobody reads what is held back, so there is no need to wait for its end.
        return Mode == TeeMode.HoldBack ? new(new FlushResult(isCanceled: false, isCompleted: true)) : base.FlushAsync(cancellationToken);
    }

    public override void Complete(Exception? exception = null)
    {
        if (Mode != TeeMode.HoldBack)
        {
            Client.Writer.Complete(exception);
        }
    }

    public void Dispose()
    {
        Forget();
        if (_heldBack.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_heldBack);
            _heldBack = [];
        }
    }

    protected override void Written(int bytes)
    {
        if (Mode == TeeMode.HoldBack)
        {
            return;
        }

        if (Mode == TeeMode.Remember)
        {
            Remember(_given.Span[..bytes]);
        }

        _given = _given[bytes..];
        Client.Writer.Advance(bytes);
    }

    private Memory<byte> ScratchMemory(int sizeHint)
    {
        if (_heldBack.Length < Math.Max(sizeHint, 1))
        {
            ArrayPool<byte>.Shared.Return(_heldBack);
            _heldBack = ArrayPool<byte>.Shared.Rent(Math.Max(sizeHint, 4096));
        }

        return _heldBack;
    }

    private void Remember(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > maxBodySize - _length)
        {
            Mode = TeeMode.Pass;
            Forget();
            return;
        }

        if (_length + bytes.Length > _remembered.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + bytes.Length, _remembered.Length * 2));
            Body.Span.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_remembered);
            _remembered = larger;
        }

        bytes.CopyTo(_remembered.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Forget()
    {
        var remembered = _remembered;
        (_remembered, _length) = ([], 0);
        ArrayPool<byte>.Shared.Return(remembered);
    }
}
