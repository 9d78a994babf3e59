using System.Buffers;

namespace OpenAi.Gateway;

/// <summary>Writes into pooled memory.</summary>
internal sealed class PooledWriter(int capacity) : IBufferWriter<byte>, IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(1, capacity));
    private int _length;

    public Span<byte> Written => _buffer.AsSpan(0, _length);

    public void Advance(int count) => _length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsMemory(_length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsSpan(_length);
    }

    /// <summary>Writes in fewer steps than by way of <see cref="IBufferWriter{T}"/>.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetSpan(bytes.Length));
        _length += bytes.Length;
    }

    /// <summary>What was written, as a body to send; its owner gives the memory back.</summary>
    public RequestBody ToBody() => RequestBody.Own(_buffer, _length);

    /// <summary>Gives the memory back; not after <see cref="ToBody"/>.</summary>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _length) = ([], 0);
    }

    private void MakeRoom(int sizeHint)
    {
        var room = Math.Max(1, sizeHint);
        if (_buffer.Length - _length < room)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + room, _buffer.Length * 2));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
    }
}
