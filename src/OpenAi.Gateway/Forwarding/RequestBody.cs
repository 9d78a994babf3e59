using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway;

/// <summary>
/// The request's body, read once into pooled memory: one copy for the cache key and for every attempt. A body that is larger than the
/// limit is held only in part; the rest is still in the request and can be sent once.
/// </summary>
internal sealed class RequestBody : IDisposable
{
    public const int DefaultMaxBuffered = 1 << 20;

    private const int RestBufferSize = 64 * 1024;

    // Of a larger body, memory is only taken as it comes: to announce one costs a client nothing.
    private const int MostAnnounced = 64 * 1024;

    public static readonly RequestBody Empty = new([], 0, null, 0);

    private readonly byte[] _buffer;
    private readonly int _length;
    private readonly Stream? _rest;
    private readonly CancellationTokenSource? _noMore;
    private TaskCompletionSource? _copying;
    private volatile int _users = 1;
    private bool _restIsTaken;
    private volatile bool _waitsForClient;

    private RequestBody(byte[] buffer, int length, Stream? rest, long? contentLength)
    {
        _buffer = buffer;
        _length = length;
        _rest = rest;
        _noMore = rest is null ? null : new CancellationTokenSource();
        ContentLength = contentLength;
    }

    /// <summary>The whole body, or its beginning when it is not <see cref="IsComplete"/>.</summary>
    public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(0, _length);

    /// <summary>Whether the whole body is in memory, so that it can be hashed and sent again.</summary>
    public bool IsComplete => _rest is null;

    /// <summary>Whether the body can be sent (again).</summary>
    public bool CanBeSent => IsComplete || !_restIsTaken;

    /// <summary>Whether the copy of the rest waits for bytes that the client has not sent, or did so when it was given up.</summary>
    public bool WaitsForClient => _waitsForClient;

    /// <summary>The length of the whole body, or <see langword="null"/> when only its end will tell.</summary>
    public long? ContentLength { get; }

    /// <summary>Whether the body is JSON, whatever its Content-Type says: no other body of this API begins with a brace or bracket.</summary>
    public bool LooksLikeJson => Memory.Span.TrimStart(JsonSearch.Whitespace) is [(byte)'{' or (byte)'[', ..];

    /// <exception cref="BadHttpRequestException">The body is larger than the server allows, or broken.</exception>
    public static async ValueTask<RequestBody> ReadAsync(HttpRequest request, int maxBuffered, CancellationToken cancellationToken)
    {
        var announced = LengthOf(request);
        if (request.ContentLength == 0 || (announced is null && request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == false))
        {
            return Empty;
        }

        // Without a length only one more byte tells whether the body goes on.
        var most = announced is null ? maxBuffered + 1 : maxBuffered;
        var body = request.Body;
        var capacity = (int)Math.Min(Math.Min(announced ?? 4096, MostAnnounced), most);
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Max(1, capacity));
        var length = 0;
        try
        {
            while (length != announced)
            {
                var room = Math.Min(buffer.Length, most) - length;
                if (room == 0)
                {
                    if (length == most)
                    {
                        return new RequestBody(buffer, length, IsOfServer(request) ? new ServerBodyStream(request.BodyReader) : body, announced);
                    }

                    buffer = Grow(buffer, length, most);
                    continue;
                }

                var read = await body.ReadAsync(buffer.AsMemory(length, room), cancellationToken);
                length += read;
                if (read == 0)
                {
                    break;
                }
            }
        }
        catch (InvalidDataException error)
        {
            throw NotPacked(error);
        }

        return new RequestBody(buffer, length, null, length);
    }

    /// <summary>A body that the gateway wrote itself.</summary>
    /// <param name="buffer">From the shared pool; the body gives it back.</param>
    /// <param name="length">How much of it is the body.</param>
    public static RequestBody Own(byte[] buffer, int length) => new(buffer, length, null, length);

    /// <summary>Lets an ordinary endpoint read the body that a stage has read before it.</summary>
    public void GiveBackTo(HttpRequest request) => request.Body = new ReplayStream(this, _rest);

    /// <summary>Copies what stands in memory from a position on; gives how much of it the target took.</summary>
    /// <exception cref="ObjectDisposedException">The request has ended, and the memory is another one's by now.</exception>
    public int CopyTo(Span<byte> target, int position)
    {
        Hold();
        try
        {
            var count = Math.Min(target.Length, _length - position);
            _buffer.AsSpan(position, count).CopyTo(target);
            return count;
        }
        finally
        {
            Release();
        }
    }

    public async Task CopyToAsync(Stream target, CancellationToken cancellationToken)
    {
        // A copy that outlives the request (the answer came first), or begins after it, must not read memory that went back to the pool.
        Hold();
        try
        {
            if (!CanBeSent)
            {
                // The handler itself begins anew when HTTP/2 refuses a stream (RFC 9113, 8.7), and a part of the rest is gone.
                throw new IOException("The body was streamed, and cannot be sent twice.");
            }

            _restIsTaken = true;
            await target.WriteAsync(Memory, cancellationToken);
            if (_rest is not null)
            {
                await CopyRestAsync(_rest, target, cancellationToken);
            }
        }
        finally
        {
            Release();
        }
    }

    /// <summary>
    /// Ends a copy of the rest that an early answer has left behind, and any that would begin later: when the request has ended, the server itself reads what the
    /// client still sends.
    /// </summary>
    public async ValueTask EndCopyAsync()
    {
        if (_noMore is not null)
        {
            await _noMore.CancelAsync();
            if (_rest is ServerBodyStream && Volatile.Read(ref _copying) is { } copying)
            {
                await copying.Task; // Of another stream nobody knows whether it can be given up.
            }
        }
    }

    public void Dispose() => Release();

    private async Task CopyRestAsync(Stream rest, Stream target, CancellationToken cancellationToken)
    {
        var copying = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _copying, copying);
        var buffer = ArrayPool<byte>.Shared.Rent(RestBufferSize);
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _noMore!.Token);
            either.Token.ThrowIfCancellationRequested();
            while (await ReadRestAsync(rest, buffer, either.Token) is var read and > 0)
            {
                await target.WriteAsync(buffer.AsMemory(0, read), either.Token);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            copying.SetResult();
        }
    }

    // What a middleware has put in the place of the server's stream, as the one that unpacks compressed bodies does, has another length than the one that
    // the client announced.
    private static long? LengthOf(HttpRequest request) => IsOfServer(request) ? request.ContentLength : null;

    private static bool IsOfServer(HttpRequest request) =>
        request.Body.GetType().Assembly == request.HttpContext.Features.Get<IHttpRequestFeature>()?.GetType().Assembly;

    // A client that breaks off must not look like an upstream that does: both are an IOException to the handler.
    private async ValueTask<int> ReadRestAsync(Stream rest, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            _waitsForClient = true;
            var read = await rest.ReadAsync(buffer, cancellationToken);
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

    // What a middleware cannot unpack is the client's fault, and neither the app's nor the upstream's.
    private static BadHttpRequestException NotPacked(InvalidDataException error) =>
        new("The body is not packed as its Content-Encoding says.", StatusCodes.Status400BadRequest, error);

    private static byte[] Grow(byte[] buffer, int length, int max)
    {
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(max, buffer.Length * 2L));
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    private void Hold()
    {
        for (var users = _users; _buffer.Length > 0; users = _users)
        {
            ObjectDisposedException.ThrowIf(users == 0, this);
            if (Interlocked.CompareExchange(ref _users, users + 1, users) == users)
            {
                return;
            }
        }
    }

    private void Release()
    {
        if (_buffer.Length > 0 && Interlocked.Decrement(ref _users) == 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }
    }
}
