using OpenAi.Gateway.Testing;

namespace OpenAi.Gateway.Tests.ProxyCache;

/// <summary>Entries for a memory of answers, and whether it has them.</summary>
internal static class Stored
{
    public static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>The bytes of an entry with a body of this length.</summary>
    public static byte[] Bytes(this ManualTimeProvider time, int length) => CacheEntryFormat.Write(time.Entry(length));

    public static CacheEntry Entry(this ManualTimeProvider time, int length, string? contentType = null) =>
        new(200, time.GetUtcNow(), Hour, contentType is null ? [] : [new("Content-Type", contentType)], new byte[length]);

    public static bool IsHeld(EntryMemory memory, string key) => memory.Get(Keys.Of(key)) is not null;
}
