using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace OpenAi.Gateway;

/// <summary>The headers as they are now, in pooled memory: enumerating the dictionary would allocate an enumerator each time.</summary>
internal readonly ref struct HeaderSnapshot
{
    private readonly KeyValuePair<string, StringValues>[] _rented;
    private readonly int _count;

    public HeaderSnapshot(IHeaderDictionary headers)
    {
        _count = headers.Count;
        _rented = ArrayPool<KeyValuePair<string, StringValues>>.Shared.Rent(_count);
        headers.CopyTo(_rented, 0);
    }

    /// <summary>May be written to; that changes nothing but the snapshot.</summary>
    public Span<KeyValuePair<string, StringValues>> Headers => _rented.AsSpan(0, _count);

    public void Dispose() => ArrayPool<KeyValuePair<string, StringValues>>.Shared.Return(_rented, clearArray: true);
}
