using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway;

/// <summary>Stands between an endpoint and the client, for whatever way the endpoint writes its answer.</summary>
internal abstract class ResponseWriter(IHttpResponseBodyFeature client) : PipeWriter, IHttpResponseBodyFeature
{
    private Stream? _stream;
    private long _unflushed;

    public Stream Stream => _stream ??= AsStream(leaveOpen: true);

    public PipeWriter Writer => this;

    // JsonSerializer writes to no pipe that cannot tell it.
    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _unflushed;

    /// <summary>What it stands before.</summary>
    public IHttpResponseBodyFeature Client => client;

    public void DisableBuffering() => client.DisableBuffering();

    public abstract Task StartAsync(CancellationToken cancellationToken = default);

    public abstract Task CompleteAsync();

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        SendFileFallback.SendFileAsync(Stream, path, offset, count, cancellationToken);

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        _unflushed += bytes;
        Written(bytes);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        _unflushed = 0;
        return client.Writer.FlushAsync(cancellationToken);
    }

    public override void CancelPendingFlush() => client.Writer.CancelPendingFlush();

    /// <summary>The endpoint wrote this many bytes to the memory that it got.</summary>
    protected abstract void Written(int bytes);
}
