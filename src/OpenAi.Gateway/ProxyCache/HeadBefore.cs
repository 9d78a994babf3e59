using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace OpenAi.Gateway;

/// <summary>The few response headers that were there before the answer's own.</summary>
internal readonly struct HeadBefore
{
    private readonly KeyValuePair<string, StringValues>[] _headers;

    public HeadBefore(IHeaderDictionary headers)
    {
        _headers = headers.Count == 0 ? [] : new KeyValuePair<string, StringValues>[headers.Count];
        headers.CopyTo(_headers, 0);
    }

    public StringValues this[string name]
    {
        get
        {
            foreach (var header in _headers)
            {
                if (header.Key.Equals(name, StringComparison.OrdinalIgnoreCase))
                {
                    return header.Value;
                }
            }

            return default;
        }
    }

    /// <summary>Whether this header was there, with this value.</summary>
    public bool Has(KeyValuePair<string, StringValues> header)
    {
        foreach (var one in _headers)
        {
            if (one.Key.Equals(header.Key, StringComparison.OrdinalIgnoreCase))
            {
                return one.Value == header.Value;
            }
        }

        return false;
    }

    public void RestoreTo(IHeaderDictionary headers)
    {
        headers.Clear();
        foreach (var (name, values) in _headers)
        {
            headers[name] = values;
        }
    }
}
