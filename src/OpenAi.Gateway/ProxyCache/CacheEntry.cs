using Microsoft.Extensions.Primitives;

namespace OpenAi.Gateway;

/// <summary>A stored answer. It knows itself how long it is fresh, whatever the store remembers.</summary>
internal sealed record CacheEntry(
    int Status,
    DateTimeOffset StoredAt,
    TimeSpan FreshFor,
    IReadOnlyList<KeyValuePair<string, StringValues>> Headers,
    ReadOnlyMemory<byte> Body)
{
    public TimeSpan Age(DateTimeOffset now) => now > StoredAt ? now - StoredAt : TimeSpan.Zero;

    public bool IsFresh(DateTimeOffset now) => Age(now) < FreshFor;
}
