namespace OpenAi.Gateway;

/// <summary>One event of a stream. Its bytes are valid until the parser reads on.</summary>
/// <param name="raw">All its bytes.</param>
/// <param name="data">What its data lines hold.</param>
/// <param name="name">What its event line holds.</param>
internal readonly ref struct SseEvent(ReadOnlySpan<byte> raw, ReadOnlySpan<byte> data, ReadOnlySpan<byte> name)
{
    /// <summary>All its bytes, with comments and the blank line that ends it: those of all events together are the stream.</summary>
    public ReadOnlySpan<byte> Raw { get; } = raw;

    /// <summary>What its data lines hold, joined by <c>\n</c>; empty for one that only holds comments, or that was too long to be parsed.</summary>
    public ReadOnlySpan<byte> Data { get; } = data;

    /// <summary>What its event line holds; empty if it has none.</summary>
    public ReadOnlySpan<byte> Name { get; } = name;
}
