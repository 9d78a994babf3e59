using System.Buffers.Binary;
using System.Security.Cryptography;

namespace OpenAi.Gateway;

/// <summary>The key under which an answer is stored: a hash, so that neither prompts nor names show in a store.</summary>
internal readonly record struct CacheKey(UInt128 High, UInt128 Low)
{
    private const string Prefix = "oag:1:";

    public static CacheKey Of(ReadOnlySpan<byte> material)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(material, hash);
        return new CacheKey(BinaryPrimitives.ReadUInt128BigEndian(hash), BinaryPrimitives.ReadUInt128BigEndian(hash[16..]));
    }

    // One part of a hash is as good as any.
    public override int GetHashCode() => (int)(uint)Low;

    /// <summary>The key as a store outside the process knows it.</summary>
    public override string ToString() => $"{Prefix}{High:x32}{Low:x32}";
}
