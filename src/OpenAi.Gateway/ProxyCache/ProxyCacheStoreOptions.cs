namespace OpenAi.Gateway;

/// <summary>How much memory the stored answers of all caches together may take.</summary>
public sealed class ProxyCacheStoreOptions
{
    /// <summary>
    /// The most memory that stored answers take, in bytes, with all that holds them. When it is full, what nobody has asked for goes first. A
    /// <c>HybridCache</c> that the app has registered has bounds of its own.
    /// </summary>
    /// <value>The default is 67108864 (64 MiB).</value>
    [Between(1 << 20, 1L << 40, ErrorMessage = "SizeLimit must be between 1048576 and 1099511627776 bytes: the memory of stored answers.")]
    public long SizeLimit { get; set; } = 64L << 20;
}
