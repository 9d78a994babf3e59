using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Identity;

namespace OpenAi.Gateway;

/// <summary>
/// What is kept of a password. One that was given in clear is kept under a key of this process: that is fast, and worth no more to a thief
/// than the configuration it came from. One that was given as a hash stays that hash, slow on purpose.
/// </summary>
internal sealed class ConsumerPassword
{
    private static readonly byte[] ProcessKey = RandomNumberGenerator.GetBytes(32);
    private static readonly PasswordHasher<Consumer> Hasher = new();

    private readonly byte[]? _digest;
    private readonly string? _hash;

    private ConsumerPassword(byte[]? digest, string? hash)
    {
        _digest = digest;
        _hash = hash;
    }

    /// <summary>Whether checking costs tens of milliseconds.</summary>
    public bool IsSlow => _hash is not null;

    public static ConsumerPassword FromClear(string password) =>
        new(HMACSHA256.HashData(ProcessKey, Encoding.UTF8.GetBytes(password)), null);

    public static string Hash(string password) => Hasher.HashPassword(null!, password);

    /// <exception cref="ArgumentException">It is not a hash of ASP.NET Core Identity's.</exception>
    public static ConsumerPassword FromHash(string hash) => IsHash(hash)
        ? new(null, hash)
        : throw new ArgumentException("The password hash is not one of ASP.NET Core Identity's. Make one with Consumer.HashPassword.", nameof(hash));

    // Identity's format: Base64 of a version byte (0 or 1), then salt and key.
    public static bool IsHash(string hash)
    {
        var bytes = new byte[hash.Length];
        return Convert.TryFromBase64String(hash, bytes, out var length) && length >= 49 && bytes[0] <= 1;
    }

    /// <summary>Compares in constant time.</summary>
    public bool Matches(ReadOnlySpan<byte> password)
    {
        if (_hash is not null)
        {
            return Hasher.VerifyHashedPassword(null!, _hash, Encoding.UTF8.GetString(password)) != PasswordVerificationResult.Failed;
        }

        Span<byte> digest = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(ProcessKey, password, digest);
        return CryptographicOperations.FixedTimeEquals(digest, _digest);
    }
}
