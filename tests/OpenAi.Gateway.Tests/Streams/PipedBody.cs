using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway.Tests.Streams;

/// <summary>A client's body whose other end the test reads.</summary>
/// <param name="options">Of its pipe: how much a slow client takes.</param>
internal sealed class PipedBody(PipeOptions? options = null) : IHttpResponseBodyFeature
{
    private readonly Pipe _pipe = new(options ?? PipeOptions.Default);

    public PipeReader Reader => _pipe.Reader;

    public PipeWriter Writer => _pipe.Writer;

    public Stream Stream => Writer.AsStream();

    public bool IsUnbuffered { get; private set; }

    public bool WasStarted { get; private set; }

    public bool WasCompleted { get; private set; }

    public void DisableBuffering() => IsUnbuffered = true;

    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        WasStarted = true;
        return Task.CompletedTask;
    }

    public Task CompleteAsync()
    {
        WasCompleted = true;
        return Writer.CompleteAsync().AsTask();
    }

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("A filter would be passed by.");
}
