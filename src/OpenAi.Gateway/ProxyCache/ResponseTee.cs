using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway;

/// <summary>
/// Stands between an endpoint and the client: bytes go on at once and are remembered on the way. When the answer begins, the cache decides:
/// remember it, let it pass, or hold a failure back because there is something better to send.
/// </summary>
/// <param name="client">Where the bytes go on to.</param>
/// <param name="maxBodySize">How much is remembered.</param>
/// <param name="decide">What to do with the answer, asked once.</param>
/// <param name="tooLong">Called when an answer to remember has become too long for that.</param>
internal sealed class ResponseTee(IHttpResponseBodyFeature client, int maxBodySize, Func<TeeMode> decide, Action tooLong)
    : ResponseWriter(client), IDisposable
{
    private byte[] _remembered = [];
    private ScratchBuffer _scratch;
    private bool _isRented = true;
    private int _start;
    private int _length;
    private Memory<byte> _given;
    private bool _isScratch;
    private Func<bool>? _clientLeft;

    /// <summary>What was decided, or <see langword="null"/> while the answer has not begun.</summary>
    public TeeMode? Mode { get; private set; }

    /// <summary>The bytes of the answer, as long as <see cref="Mode"/> is <see cref="TeeMode.Remember"/>.</summary>
    public ReadOnlyMemory<byte> Body => _remembered.AsMemory(_start, _length);

    /// <summary>How many bytes are remembered.</summary>
    public long Length => Shared?.Length ?? _length;

    /// <summary>Where the bytes are remembered if others read them with the client.</summary>
    public SharedStream? Shared { get; private set; }

    /// <summary>Whether the endpoint's bytes do not go to the client.</summary>
    private bool IsWithoutClient => Mode == TeeMode.HoldBack || Shared?.IsLeaderGone == true;

    /// <summary>Decides, if nothing has yet: the answer may have no bytes.</summary>
    public void Begin() => Mode ??= decide();

    /// <summary>Lets others read the answer with the client, which may leave it to them.</summary>
    /// <param name="stream">What they read.</param>
    /// <param name="clientLeft">What to do when the client has gone; gives whether the answer goes on for others.</param>
    public void Share(SharedStream stream, Func<bool> clientLeft) => (Shared, _clientLeft) = (stream, clientLeft);

    /// <summary>Remembers the bytes in an array of the caller's.</summary>
    /// <param name="bytes">Long enough for the announced answer.</param>
    /// <param name="start">Where in them the answer begins.</param>
    public void RememberIn(byte[] bytes, int start) => (_remembered, _start, _isRented) = (bytes, start, false);

    /// <summary>Copies the remembered bytes.</summary>
    public void CopyTo(Span<byte> target)
    {
        if (Shared is null)
        {
            Body.Span.CopyTo(target);
        }
        else
        {
            Shared.CopyTo(target);
        }
    }

    public override Task StartAsync(CancellationToken cancellationToken = default)
    {
        Begin();
        return IsWithoutClient ? Task.CompletedTask : Client.StartAsync(cancellationToken);
    }

    public override Task CompleteAsync()
    {
        Begin();
        return IsWithoutClient ? Task.CompletedTask : Client.CompleteAsync();
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Begin();
        _isScratch = IsWithoutClient;
        return _given = _isScratch ? _scratch.GetMemory(sizeHint) : Client.Writer.GetMemory(sizeHint);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        Begin();

        // Nobody reads what is held back: as if its client had left, the endpoint need not write the rest.
        return Mode == TeeMode.HoldBack ? new(new FlushResult(isCanceled: false, isCompleted: true))
            : Shared is null ? base.FlushAsync(cancellationToken)
            : FlushSharedAsync(cancellationToken);
    }

    public override void Complete(Exception? exception = null)
    {
        if (!IsWithoutClient)
        {
            Client.Writer.Complete(exception);
        }
    }

    public void Dispose()
    {
        Forget();
        Shared?.Release();
        _scratch.GiveBack();
    }

    protected override void Written(int bytes)
    {
        if (Shared is not null)
        {
            Shared.Append(_given.Span[..bytes]);
            if (Shared.IsTooLong && Mode == TeeMode.Remember)
            {
                Mode = TeeMode.Pass;
                tooLong();
            }
        }
        else if (Mode == TeeMode.Remember)
        {
            Remember(_given.Span[..bytes]);
        }

        _given = _given[bytes..];
        if (!_isScratch)
        {
            Client.Writer.Advance(bytes);
        }
    }

    private ValueTask<FlushResult> FlushSharedAsync(CancellationToken cancellationToken)
    {
        if (IsWithoutClient)
        {
            return default;
        }

        var flush = base.FlushAsync(cancellationToken);
        if (!flush.IsCompletedSuccessfully)
        {
            return WaitForClientAsync(flush);
        }

        var result = flush.Result;
        return new(result.IsCompleted ? new FlushResult(isCanceled: false, isCompleted: !_clientLeft!()) : result);
    }

    // Completed only when nobody is left to read.
    private async ValueTask<FlushResult> WaitForClientAsync(ValueTask<FlushResult> flush)
    {
        try
        {
            if (await flush is { IsCompleted: false } result)
            {
                return result;
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            // Either means that the client is gone.
        }

        return new FlushResult(isCanceled: false, isCompleted: !_clientLeft!());
    }

    private void Remember(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > (_isRented ? maxBodySize : _remembered.Length - _start) - _length)
        {
            Mode = TeeMode.Pass;
            Forget();
            tooLong();
            return;
        }

        if (_start + _length + bytes.Length > _remembered.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + bytes.Length, _remembered.Length * 2));
            Body.Span.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_remembered);
            _remembered = larger;
        }

        bytes.CopyTo(_remembered.AsSpan(_start + _length));
        _length += bytes.Length;
    }

    private void Forget()
    {
        var remembered = _remembered;
        (_remembered, _start, _length) = ([], 0, 0);
        if (_isRented)
        {
            ArrayPool<byte>.Shared.Return(remembered);
        }
    }
}
