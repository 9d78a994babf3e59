using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace OpenAi.Gateway;

/// <summary>A stored answer. It knows itself how long it is fresh, whatever the store remembers.</summary>
internal sealed record CacheEntry(
    int Status,
    DateTimeOffset StoredAt,
    TimeSpan FreshFor,
    IReadOnlyList<KeyValuePair<string, StringValues>> Headers,
    ReadOnlyMemory<byte> Body)
{
    /// <summary>Whether it is an event stream; else it is something whole, usually JSON.</summary>
    public bool IsEventStream { get; } = IsStream(Headers);

    public TimeSpan Age(DateTimeOffset now) => now > StoredAt ? now - StoredAt : TimeSpan.Zero;

    public bool IsFresh(DateTimeOffset now) => Age(now) < FreshFor;

    private static bool IsStream(IReadOnlyList<KeyValuePair<string, StringValues>> headers)
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
