using System.Text;

namespace OpenAi.Gateway.Tests.ProxyCache;

/// <summary>Keys of entries, by a text that a reader can tell apart.</summary>
internal static class Keys
{
    public static CacheKey Of(string text) => CacheKey.Of(Encoding.UTF8.GetBytes(text));
}
