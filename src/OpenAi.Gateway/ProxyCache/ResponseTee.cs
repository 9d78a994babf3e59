using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway;

/// <summary>
/// Stands between an endpoint and the client: bytes go on at once and are remembered on the way. When the answer begins, the cache decides:
/// remember it, let it pass, or hold a failure back because there is something better to send.
/// </summary>
internal sealed class ResponseTee(IHttpResponseBodyFeature client, int maxBodySize, Func<TeeMode> decide) : PipeWriter, IHttpResponseBodyFeature, IDisposable
{
    private byte[] _remembered = [];
    private byte[] _heldBack = [];
    private int _length;
    private long _unflushed;
    private Memory<byte> _given;
    private Stream? _stream;

    /// <summary>What was decided, or <see langword="null"/> while the answer has not begun.</summary>
    public TeeMode? Mode { get; private set; }

    /// <summary>The bytes of the answer, as long as <see cref="Mode"/> is <see cref="TeeMode.Remember"/>.</summary>
    public ReadOnlyMemory<byte> Body => _remembered.AsMemory(0, _length);

    public Stream Stream => _stream ??= AsStream(leaveOpen: true);

    public PipeWriter Writer => this;

    // JSON is written to a pipe that can tell this, to no other.
    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _unflushed;

    /// <summary>Decides for an answer that has no bytes.</summary>
    public void Begin() => Mode ??= decide();

    public void DisableBuffering() => client.DisableBuffering();

    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        Begin();
        return Mode == TeeMode.HoldBack ? Task.CompletedTask : client.StartAsync(cancellationToken);
    }

    public Task CompleteAsync()
    {
        Begin();
        return Mode == TeeMode.HoldBack ? Task.CompletedTask : client.CompleteAsync();
    }

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        SendFileFallback.SendFileAsync(Stream, path, offset, count, cancellationToken);

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Begin();
        return _given = Mode == TeeMode.HoldBack ? ScratchMemory(sizeHint) : client.Writer.GetMemory(sizeHint);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
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
        _unflushed += bytes;
        client.Writer.Advance(bytes);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        Begin();
        _unflushed = 0;

        // Nobody reads what is held back, so there is no need to wait for its end.
        return Mode == TeeMode.HoldBack ? new(new FlushResult(isCanceled: false, isCompleted: true)) : client.Writer.FlushAsync(cancellationToken);
    }

    public override void CancelPendingFlush() => client.Writer.CancelPendingFlush();

    public override void Complete(Exception? exception = null)
    {
        if (Mode != TeeMode.HoldBack)
        {
            client.Writer.Complete(exception);
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
