using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace OpenAi.Gateway;

/// <summary>A stored answer. It says itself how long it is fresh, however long a store keeps it.</summary>
internal sealed record CacheEntry(
    int Status,
    DateTimeOffset StoredAt,
    TimeSpan FreshFor,
    KeyValuePair<string, StringValues>[] Headers,
    ReadOnlyMemory<byte> Body)
{
    /// <summary>Whether it is an event stream; otherwise it is one document, usually JSON.</summary>
    public bool IsEventStream { get; } = ContentHeaders.IsEventStream(Headers.ValuesOf(HeaderNames.ContentType));

    /// <summary>The entry as bytes, if it has been written already.</summary>
    public byte[]? Stored { get; init; }

    /// <summary>About how much memory it takes besides its body, in bytes: itself, and the strings of its headers.</summary>
    public long SizeOfHead
    {
        get
        {
            const int Itself = 128;
            const int Objects = 96; // A place in the array, and what two strings take besides their characters.
            long size = Itself;
            foreach (var (name, values) in Headers)
            {
                size += Objects + (sizeof(char) * (name.Length + values.ToString().Length));
            }

            return size;
        }
    }

    public TimeSpan Age(DateTimeOffset now) => now > StoredAt ? now - StoredAt : TimeSpan.Zero;

    public bool IsFresh(DateTimeOffset now) => Age(now) < FreshFor;
}
