using Microsoft.Extensions.Primitives;

namespace OpenAi.Gateway;

/// <summary>Headers as the cache keeps them: a few, in the order in which they came.</summary>
internal static class StoredHeaders
{
    /// <summary>The values of a header, in any case; none when it is not there.</summary>
    public static StringValues ValuesOf(this KeyValuePair<string, StringValues>[] headers, string name)
    {
        foreach (var header in headers)
        {
            if (header.Key.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return header.Value;
            }
        }

        return default;
    }
}
