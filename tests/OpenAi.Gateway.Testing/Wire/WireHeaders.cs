using System.Globalization;

namespace OpenAi.Gateway.Testing;

/// <summary>Header lines as they came: in order, in their own case, doubles included.</summary>
public sealed class WireHeaders(IReadOnlyList<KeyValuePair<string, string>> lines)
{
    public IReadOnlyList<KeyValuePair<string, string>> Lines { get; } = lines;

    public IEnumerable<string> Names => Lines.Select(line => line.Key);

    internal bool IsChunked => string.Equals(this["Transfer-Encoding"], "chunked", StringComparison.OrdinalIgnoreCase);

    internal long? ContentLength => this["Content-Length"] is { } length ? long.Parse(length, CultureInfo.InvariantCulture) : null;

    /// <summary>All values of the header, joined as HTTP joins them, or null.</summary>
    public string? this[string name] => Values(name) is { Count: > 0 } values ? string.Join(", ", values) : null;

    public IReadOnlyList<string> Values(string name) =>
        [.. Lines.Where(line => line.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(line => line.Value)];

    public override string ToString() => string.Join("\r\n", Lines.Select(line => $"{line.Key}: {line.Value}"));
}
