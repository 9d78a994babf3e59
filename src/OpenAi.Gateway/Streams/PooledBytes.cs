using System.Buffers;

namespace OpenAi.Gateway;

/// <summary>Bytes that grow in an array of the pool, which goes back as soon as they are cleared.</summary>
/// <param name="capacity">How many bytes the first array holds at least.</param>
internal sealed class PooledBytes(int capacity = 1024) : IBufferWriter<byte>, IDisposable
{
    private byte[] _array = [];

    public int Length { get; private set; }

    public Span<byte> Span => _array.AsSpan(0, Length);

    public ReadOnlyMemory<byte> Memory => _array.AsMemory(0, Length);

    /// <summary>Adds bytes, in fewer steps than an <see cref="IBufferWriter{T}"/> takes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        MakeRoom(bytes.Length);
        bytes.CopyTo(_array.AsSpan(Length));
        Length += bytes.Length;
    }

    public void Advance(int count) => Length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(Math.Max(1, sizeHint));
        return _array.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(Math.Max(1, sizeHint));
        return _array.AsSpan(Length);
    }

    /// <summary>Forgets the first bytes.</summary>
    public void RemoveFirst(int count)
    {
        if (count == Length)
        {
            Clear();
        }
        else if (count > 0)
        {
            _array.AsSpan(count, Length - count).CopyTo(_array);
            Length -= count;
        }
    }

    /// <summary>Forgets the last bytes.</summary>
    public void RemoveLast(int count) => Length -= count;

    public void Clear()
    {
        if (_array.Length > 0)
        {
            var array = _array;
            (_array, Length) = ([], 0);
            ArrayPool<byte>.Shared.Return(array);
        }
    }

    /// <summary>The bytes as a body to send; its owner gives the array back, and nothing else may be done with them here.</summary>
    public RequestBody ToBody() => RequestBody.Own(_array, Length);

    public void Dispose() => Clear();

    private void MakeRoom(int room)
    {
        if (room > _array.Length - Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(Length + room, Math.Max(_array.Length * 2, capacity)));
            Span.CopyTo(larger);
            var smaller = _array;
            _array = larger;
            if (smaller.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(smaller);
            }
        }
    }
}
