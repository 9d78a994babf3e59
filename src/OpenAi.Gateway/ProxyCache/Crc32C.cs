using System.Buffers.Binary;
using System.Numerics;

namespace OpenAi.Gateway;

/// <summary>The checksum of RFC 3720, for which the CPU has an instruction. It finds damage, not intent.</summary>
internal static class Crc32C
{
    // Without the last step of the RFC, which turns all bits around: nobody compares it with another program's.
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var checksum = uint.MaxValue;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            checksum = BitOperations.Crc32C(checksum, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (var one in bytes)
        {
            checksum = BitOperations.Crc32C(checksum, one);
        }

        return checksum;
    }
}
