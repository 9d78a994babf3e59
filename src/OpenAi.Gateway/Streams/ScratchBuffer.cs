using System.Buffers;

namespace OpenAi.Gateway;

/// <summary>An array of the pool that a <see cref="System.IO.Pipelines.PipeWriter"/> hands out to be written to.</summary>
internal struct ScratchBuffer
{
    private const int SmallestSize = 4096;

    private byte[]? _array;

    public Memory<byte> GetMemory(int sizeHint)
    {
        if (_array is null || _array.Length < sizeHint)
        {
            GiveBack();
            _array = ArrayPool<byte>.Shared.Rent(Math.Max(sizeHint, SmallestSize));
        }

        return _array;
    }

    /// <summary>Gives the array back; the next memory is another one.</summary>
    public void GiveBack()
    {
        if (_array is { } array)
        {
            _array = null;
            ArrayPool<byte>.Shared.Return(array);
        }
    }
}
