using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway.Tests.Streams;

/// <summary>A client's body whose other end the test reads.</summary>
internal sealed class PipedBody : IHttpResponseBodyFeature
{
    private readonly Pipe _pipe = new();

    public PipeReader Reader => _pipe.Reader;

    public PipeWriter Writer => _pipe.Writer;

    public Stream Stream => Writer.AsStream();

    public bool IsUnbuffered { get; private set; }

    public void DisableBuffering() => IsUnbuffered = true;

    public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task CompleteAsync() => Writer.CompleteAsync().AsTask();

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("A filter would be passed by.");
}
