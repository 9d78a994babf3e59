namespace OpenAi.Gateway;

/// <summary>The bytes of an entry in memory, and the entry once it was read from them.</summary>
internal sealed class HeldEntry(byte[] bytes)
{
    public byte[] Bytes => bytes;

    public CacheEntry? Entry { get; set; }
}
