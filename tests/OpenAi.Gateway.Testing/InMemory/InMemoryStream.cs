using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;

namespace OpenAi.Gateway.Testing;

/// <summary>The client's end of a connection to an in-memory server: bytes by hand, and a way to leave at any moment.</summary>
public sealed class InMemoryStream : Stream
{
    private readonly InMemoryConnection _connection;
    private readonly PipeReader _incoming;
    private readonly PipeWriter _outgoing;
    private int _closed;

    internal InMemoryStream(InMemoryConnection connection, PipeReader incoming, PipeWriter outgoing)
    {
        _connection = connection;
        _incoming = incoming;
        _outgoing = outgoing;
    }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Leaves as a process that dies: the server sees a reset. To dispose is to leave orderly.</summary>
    public void Reset() => Close(new ConnectionResetException("The client has reset the connection."));

    // Pooled, so that the wait for bytes is not what a measurement of allocations finds.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // What came before a reset can still be read, as from a socket: it is there once the reset is seen.
        var isReset = _connection.IsReset;
        if (!_incoming.TryRead(out var result))
        {
            if (isReset)
            {
                ThrowIfReset();
            }

            result = await _incoming.ReadAsync(cancellationToken);
        }

        var part = result.Buffer.Slice(0, Math.Min(buffer.Length, result.Buffer.Length));
        var (count, isEmpty) = ((int)part.Length, result.Buffer.IsEmpty);
        part.CopyTo(buffer.Span);
        _incoming.AdvanceTo(part.End);
        if (isEmpty)
        {
            ThrowIfReset();
        }

        return count;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ThrowIfReset();
        try
        {
            await _outgoing.WriteAsync(buffer, cancellationToken);
        }
        catch (InvalidOperationException) when (_connection.IsReset)
        {
            ThrowIfReset();
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer, offset, count, CancellationToken.None).GetAwaiter().GetResult();

    public override void Write(byte[] buffer, int offset, int count) =>
        WriteAsync(buffer, offset, count, CancellationToken.None).GetAwaiter().GetResult();

    public override void Flush()
    {
        // Every write is flushed.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        Close(error: null);
        base.Dispose(disposing);
    }

    private void Close(Exception? error)
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            _connection.OnClientClosed(error);
        }
    }

    private void ThrowIfReset()
    {
        if (_connection.IsReset)
        {
            throw new IOException("The server has reset the connection.", new ConnectionResetException("Reset by the server."));
        }
    }
}
