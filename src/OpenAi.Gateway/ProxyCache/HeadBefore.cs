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

    public StringValues this[string name] => _headers.ValuesOf(name);

    /// <summary>Whether this header was there, with this value.</summary>
    public bool Has(KeyValuePair<string, StringValues> header) => this[header.Key] == header.Value;

    public void RestoreTo(IHeaderDictionary headers)
    {
        headers.Clear();
        foreach (var (name, values) in _headers)
        {
            headers[name] = values;
        }
    }
}
