using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OpenAi.Gateway;

/// <summary>A piece of the log: entries one behind the other, each behind its key and its length.</summary>
/// <param name="size">How many bytes it has.</param>
internal sealed class EntrySegment(int size)
{
    private static readonly int LengthStart = Unsafe.SizeOf<CacheKey>();
    private static readonly int EntryStart = LengthStart + sizeof(int);

    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(size);

    public int Size => _bytes.Length;

    /// <summary>Where the next entry will begin.</summary>
    public int End { get; private set; }

    /// <summary>How many bytes the entries take that were not removed.</summary>
    public int SizeInUse { get; private set; }

    /// <summary>How many bytes of a segment an entry takes.</summary>
    public static int SizeOf(ReadOnlySpan<byte> entry) => EntryStart + entry.Length;

    public bool HasRoomFor(ReadOnlySpan<byte> entry) => SizeOf(entry) <= Size - End;

    /// <summary>Writes an entry behind the others; gives where it begins.</summary>
    public int Append(CacheKey key, ReadOnlySpan<byte> entry)
    {
        var start = End;
        var free = _bytes.AsSpan(start);
        MemoryMarshal.Write(free, key);
        BinaryPrimitives.WriteInt32LittleEndian(free[LengthStart..], entry.Length);
        entry.CopyTo(free[EntryStart..]);
        End += SizeOf(entry);
        SizeInUse += SizeOf(entry);
        return start;
    }

    /// <summary>Notes that the entry that begins here is not needed any more.</summary>
    public void Remove(int start) => SizeInUse -= EndOf(start) - start;

    public int EndOf(int start) => start + SizeOf(EntryAt(start));

    public CacheKey KeyAt(int start) => MemoryMarshal.Read<CacheKey>(_bytes.AsSpan(start));

    public ReadOnlySpan<byte> EntryAt(int start) =>
        _bytes.AsSpan(start + EntryStart, BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(start + LengthStart)));

    /// <summary>Begins anew, over the entries that are there.</summary>
    public void Clear() => (End, SizeInUse) = (0, 0);
}
