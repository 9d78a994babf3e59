using System.Buffers;

namespace OpenAi.Gateway;

/// <summary>Bytes that grow in an array of the pool, which goes back as soon as they are cleared.</summary>
internal sealed class PooledBytes : IDisposable
{
    private const int SmallestArray = 1024;

    private byte[] _array = [];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Span => _array.AsSpan(0, Length);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Free(bytes.Length));
        Length += bytes.Length;
    }

    public ReadOnlyMemory<byte> Memory => _array.AsMemory(0, Length);

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

    public void Dispose() => Clear();

    private Span<byte> Free(int count)
    {
        if (count > _array.Length - Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(Length + count, Math.Max(_array.Length * 2, SmallestArray)));
            Span.CopyTo(larger);
            var smaller = _array;
            _array = larger;
            if (smaller.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(smaller);
            }
        }

        return _array.AsSpan(Length);
    }
}
