using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;

namespace OpenAi.Gateway;

/// <summary>The user name and password in an <c>Authorization</c> header, read as RFC 7617 says.</summary>
internal readonly record struct BasicCredentials(string Username, byte[] Password)
{
    private const string Scheme = "Basic ";

    /// <summary>
    /// Reads a header: the scheme in any case, Base64, UTF-8. The first colon splits; the rest, colons and spaces too, is the password.
    /// </summary>
    public static BasicCredentials? Parse(string header)
    {
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var encoded = header.AsSpan(Scheme.Length).Trim(' ');
        var decoded = ArrayPool<byte>.Shared.Rent((encoded.Length / 4 * 3) + 3);
        try
        {
            // Convert skips white space inside; RFC 7617's token68 has none.
            return encoded.ContainsAny(" \t\r\n") || !Convert.TryFromBase64Chars(encoded, decoded, out var length)
                ? null
                : Split(decoded.AsSpan(0, length));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(decoded);
            ArrayPool<byte>.Shared.Return(decoded);
        }
    }

    private static BasicCredentials? Split(ReadOnlySpan<byte> decoded)
    {
        var colon = decoded.IndexOf((byte)':');
        return colon <= 0 || !Utf8.IsValid(decoded) || decoded.ContainsAnyInRange((byte)0, (byte)0x1F) || decoded.Contains((byte)0x7F)
            ? null
            : new BasicCredentials(Encoding.UTF8.GetString(decoded[..colon]), decoded[(colon + 1)..].ToArray());
    }
}
