using System.Buffers.Binary;
using System.Security.Cryptography;

namespace OpenAi.Gateway;

/// <summary>The key under which an answer is stored: a hash, so that neither prompts nor names show in a store.</summary>
internal readonly record struct CacheKey(UInt128 High, UInt128 Low)
{
    private const string Prefix = "oag:1:";

    // One for each thread: a hash that is made for a single call looks up its algorithm again, which takes longer than hashing a question.
    [ThreadStatic]
    private static IncrementalHash? _sha256;

    public static CacheKey Of(ReadOnlySpan<byte> material)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        var sha256 = _sha256 ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha256.AppendData(material);
        sha256.GetHashAndReset(hash);
        return new CacheKey(BinaryPrimitives.ReadUInt128BigEndian(hash), BinaryPrimitives.ReadUInt128BigEndian(hash[16..]));
    }

    // The key is a hash already: any part of it will do.
    public override int GetHashCode() => (int)(uint)Low;

    /// <summary>The key as a store outside the process knows it.</summary>
    public override string ToString() => $"{Prefix}{High:x32}{Low:x32}";
}
