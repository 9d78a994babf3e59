using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace OpenAi.Gateway;

/// <summary>A stored answer. It knows itself how long it is fresh, whatever the store remembers.</summary>
internal sealed record CacheEntry(
    int Status,
    DateTimeOffset StoredAt,
    TimeSpan FreshFor,
    KeyValuePair<string, StringValues>[] Headers,
    ReadOnlyMemory<byte> Body)
{
    /// <summary>Whether it is an event stream; else it is something whole, usually JSON.</summary>
    public bool IsEventStream { get; } = IsStream(Headers);

    /// <summary>The bytes that it was written to already, if it was.</summary>
    public byte[]? Stored { get; init; }

    public TimeSpan Age(DateTimeOffset now) => now > StoredAt ? now - StoredAt : TimeSpan.Zero;

    public bool IsFresh(DateTimeOffset now) => Age(now) < FreshFor;

    private static bool IsStream(KeyValuePair<string, StringValues>[] headers)
    {
        foreach (var (name, values) in headers)
        {
            if (name.Equals(HeaderNames.ContentType, StringComparison.OrdinalIgnoreCase))
            {
                return CacheForm.IsEventStream(values);
            }
        }

        return false;
    }
}
