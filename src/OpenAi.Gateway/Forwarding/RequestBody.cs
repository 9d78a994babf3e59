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

    // Memory for a larger body is only taken as it comes: to announce one costs a client nothing.
    private const int MostAnnounced = 64 * 1024;

    public static readonly RequestBody Empty = new([], 0, null, 0);

    private readonly byte[] _buffer;
    private readonly int _length;
    private readonly RestOfBody? _rest;
    private volatile int _users = 1;

    private RequestBody(byte[] buffer, int length, RestOfBody? rest, long? contentLength)
    {
        _buffer = buffer;
        _length = length;
        _rest = rest;
        ContentLength = contentLength;
    }

    /// <summary>The whole body, or its beginning when it is not <see cref="IsComplete"/>.</summary>
    public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(0, _length);

    /// <summary>Whether the whole body is in memory, so that it can be hashed and sent again.</summary>
    public bool IsComplete => _rest is null;

    /// <summary>Whether the body can be sent (again).</summary>
    public bool CanBeSent => _rest is not { IsTaken: true };

    /// <summary>Whether the copy of the rest waits for bytes that the client has not sent, or did so when it was given up.</summary>
    public bool WaitsForClient => _rest is { WaitsForClient: true };

    /// <summary>The length of the whole body, or <see langword="null"/> when only its end will tell.</summary>
    public long? ContentLength { get; }

    /// <summary>Whether the body is JSON, whatever its Content-Type says: no other body of this API begins with a brace or bracket.</summary>
    public bool LooksLikeJson => JsonSearch.LooksLikeJson(Memory.Span);

    /// <summary>Takes a small body that has come whole with the request's head; <see langword="null"/> when there is something to wait for.</summary>
    public static RequestBody? TryRead(HttpRequest request, int maxBuffered)
    {
        if (request.ContentLength is not { } length || length is 0 or > MostAnnounced || length > maxBuffered || !RestOfBody.IsOfServer(request))
        {
            return null;
        }

        try
        {
            var body = request.BodyReader;
            if (!body.TryRead(out var read))
            {
                return null;
            }

            if (read.Buffer.Length < length)
            {
                body.AdvanceTo(read.Buffer.Start);
                return null;
            }

            var buffer = ArrayPool<byte>.Shared.Rent((int)length);
            read.Buffer.CopyTo(buffer);
            body.AdvanceTo(read.Buffer.End);
            return Own(buffer, (int)length);
        }
        catch (IOException)
        {
            return null; // ReadAsync meets the same error, and its caller handles it.
        }
    }

    /// <param name="request">The request.</param>
    /// <param name="maxBuffered">How much of it is held in memory.</param>
    /// <param name="limit">The most bytes that it may have, if that is bounded.</param>
    /// <param name="cancellationToken">The client has left.</param>
    /// <exception cref="BadHttpRequestException">The body is larger than is allowed, or broken.</exception>
    public static async ValueTask<RequestBody> ReadAsync(HttpRequest request, int maxBuffered, long? limit, CancellationToken cancellationToken)
    {
        // What a middleware has put in the place of the server's stream, such as one that unpacks compressed bodies, has another length than the client
        // announced.
        var announced = RestOfBody.IsOfServer(request) ? request.ContentLength : null;
        if (request.ContentLength == 0 || (announced is null && request.HttpContext.Find<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == false))
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
                        return new RequestBody(buffer, length, RestOfBody.Of(request, limit - length), announced);
                    }

                    buffer = Grow(buffer, length, most);
                    continue;
                }

                var read = await body.ReadAsync(buffer.AsMemory(length, room), cancellationToken);
                length += read;
                if (length > limit)
                {
                    throw RestOfBody.TooLarge();
                }

                if (read == 0)
                {
                    break;
                }
            }
        }
        catch (InvalidDataException error)
        {
            throw RestOfBody.NotPacked(error);
        }

        return new RequestBody(buffer, length, null, length);
    }

    /// <summary>A body that is whole in memory of its own.</summary>
    /// <param name="buffer">From the shared pool; the body gives it back.</param>
    /// <param name="length">How much of it is the body.</param>
    public static RequestBody Own(byte[] buffer, int length) => new(buffer, length, null, length);

    /// <summary>Lets an ordinary endpoint read the body that a stage has read before it.</summary>
    public void GiveBackTo(HttpRequest request) => request.Body = new ReplayStream(this, _rest?.Stream);

    /// <summary>Copies what stands in memory from a position on; gives how much of it the target took.</summary>
    /// <exception cref="ObjectDisposedException">The request has ended, and its memory may belong to another one by now.</exception>
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
                // The HTTP handler itself sends a request again when HTTP/2 refuses its stream (RFC 9113, 8.7), but a part of the rest is gone by then.
                throw new IOException("The body was streamed, and cannot be sent twice.");
            }

            _rest?.Take();
            await target.WriteAsync(Memory, cancellationToken);
            if (_rest is not null)
            {
                await _rest.CopyToAsync(target, cancellationToken);
            }
        }
        finally
        {
            Release();
        }
    }

    /// <summary>See <see cref="RestOfBody.EndAsync"/>.</summary>
    public Task EndCopyAsync() => _rest?.EndAsync() ?? Task.CompletedTask;

    public void Dispose() => Release();

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
            _rest?.Dispose();
        }
    }
}
