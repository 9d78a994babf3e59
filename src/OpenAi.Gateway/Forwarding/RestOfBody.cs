using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.RequestDecompression;

namespace OpenAi.Gateway;

/// <summary>What a request's body has beyond the part that is held: it is copied once, while the client sends it.</summary>
internal sealed class RestOfBody : IDisposable
{
    private const int BufferSize = 64 * 1024;

    private readonly CancellationTokenSource _noMore = new();
    private TaskCompletionSource? _copying;
    private volatile bool _isTaken;
    private volatile bool _waitsForClient;

    private long? _left;

    private RestOfBody(Stream stream, long? left) => (Stream, _left) = (stream, left);

    public Stream Stream { get; }

    /// <summary>Whether a copy has begun.</summary>
    public bool IsTaken => _isTaken;

    /// <summary>Whether the copy waits for bytes that the client has not sent, or did so when it was given up.</summary>
    public bool WaitsForClient => _waitsForClient;

    /// <param name="request">The request.</param>
    /// <param name="left">How many more bytes there may be, if that is bounded.</param>
    public static RestOfBody Of(HttpRequest request, long? left) => new(IsOfServer(request) ? new ServerBodyStream(request.BodyReader) : request.Body, left);

    /// <summary>Whether the body is read from the server itself, and not from what a middleware has put in its place.</summary>
    public static bool IsOfServer(HttpRequest request) =>
        request.Body.GetType().Assembly == request.HttpContext.Find<IHttpRequestFeature>()?.GetType().Assembly;

    /// <summary>Whether the framework's own middleware unpacks the body: it has another length then than the client announced.</summary>
    public static bool IsUnpacked(HttpRequest request) => request.Body.GetType().Assembly == typeof(IRequestDecompressionProvider).Assembly;

    /// <summary>What a middleware cannot unpack is the client's fault, and neither the app's nor the upstream's.</summary>
    public static BadHttpRequestException NotPacked(InvalidDataException error) =>
        new("The body is not packed as its Content-Encoding says.", StatusCodes.Status400BadRequest, error);

    public static BadHttpRequestException TooLarge() => new("The body is larger than is allowed.", StatusCodes.Status413PayloadTooLarge);

    public void Take() => _isTaken = true;

    public async Task CopyToAsync(Stream target, CancellationToken cancellationToken)
    {
        var copying = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _copying, copying);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _noMore.Token);
            either.Token.ThrowIfCancellationRequested();
            while (await ReadAsync(buffer, either.Token) is var read and > 0)
            {
                _left -= read;
                if (_left < 0)
                {
                    throw TooLarge();
                }

                await target.WriteAsync(buffer.AsMemory(0, read), either.Token);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            copying.SetResult();
        }
    }

    /// <summary>
    /// Ends a copy that an early answer has left behind, and any that would begin later: when the request has ended, the server itself reads what the
    /// client still sends.
    /// </summary>
    public async Task EndAsync()
    {
        await _noMore.CancelAsync();
        if (Stream is ServerBodyStream && Volatile.Read(ref _copying) is { } copying)
        {
            await copying.Task; // Of the server's own stream alone: a read of another one may go on when it is cancelled.
        }
    }

    public void Dispose() => _noMore.Dispose();

    // A client that breaks off must not look like an upstream that does: both are an IOException to the handler.
    private async ValueTask<int> ReadAsync(byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            _waitsForClient = true;
            var read = await Stream.ReadAsync(buffer, cancellationToken);
            _waitsForClient = false;
            return read;
        }
        catch (IOException error) when (error is not BadHttpRequestException)
        {
            throw new BadHttpRequestException("The client broke off its request.", Forwarder.ClientClosedRequest, error);
        }
        catch (InvalidDataException error)
        {
            throw NotPacked(error);
        }
    }
}
