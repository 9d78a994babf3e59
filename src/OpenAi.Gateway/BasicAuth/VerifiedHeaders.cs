using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace OpenAi.Gateway;

/// <summary>
/// Headers that were verified a short while ago, under an HMAC with a key of this object: neither the header nor the password can be read
/// back, and the whole digest is compared. Bounded: full means empty.
/// </summary>
internal sealed class VerifiedHeaders(TimeSpan rememberFor, TimeProvider time)
{
    private const int Capacity = 100_000;
    private const int MaxHeaderLength = 1024;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly ConcurrentDictionary<Digest, (Consumer Consumer, long VerifiedAt)> _verified = new();

    public Consumer? Find(string header, out long verifiedAt)
    {
        verifiedAt = 0;
        if (header.Length > MaxHeaderLength || !_verified.TryGetValue(DigestOf(header), out var found))
        {
            return null;
        }

        verifiedAt = found.VerifiedAt;
        return time.GetElapsedTime(verifiedAt) < rememberFor ? found.Consumer : null;
    }

    public void Remember(string header, Consumer consumer)
    {
        if (header.Length > MaxHeaderLength)
        {
            return;
        }

        if (_verified.Count >= Capacity)
        {
            _verified.Clear();
        }

        _verified[DigestOf(header)] = (consumer, time.GetTimestamp());
    }

    private Digest DigestOf(string header)
    {
        var digest = default(Digest);
        HMACSHA256.HashData(_key, MemoryMarshal.AsBytes(header.AsSpan()), MemoryMarshal.AsBytes(new Span<Digest>(ref digest)));
        return digest;
    }

    private readonly record struct Digest(ulong A, ulong B, ulong C, ulong D);
}
