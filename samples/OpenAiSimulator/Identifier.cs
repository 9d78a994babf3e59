using System.Security.Cryptography;
using System.Text;

namespace OpenAiSimulator;

internal static class Identifier
{
    /// <summary>When every object was made: a fixed moment, so that equal requests get equal answers.</summary>
    public const long Created = 1675791234;

    /// <summary>The same name for the same content.</summary>
    public static string Of(string prefix, string content) => prefix + Convert.ToHexStringLower(Hash(content))[..28];

    public static byte[] Hash(string content) => SHA256.HashData(Encoding.UTF8.GetBytes(content));
}
