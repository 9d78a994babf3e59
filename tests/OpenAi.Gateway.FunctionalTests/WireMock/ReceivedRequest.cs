using System.Text.Json;

namespace OpenAi.Gateway.FunctionalTests.WireMock;

/// <summary>A request in WireMock's journal. <see cref="Url"/> is the path with the query.</summary>
public sealed record ReceivedRequest(string Method, string Url, string Body, IReadOnlyDictionary<string, JsonElement> Headers)
{
    /// <summary>The value of the header, or null; several values are joined.</summary>
    public string? Header(string name) => Headers
        .Where(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase))
        .Select(header => header.Value.ValueKind == JsonValueKind.Array
            ? string.Join(", ", header.Value.EnumerateArray().Select(value => value.GetString()))
            : header.Value.GetString())
        .FirstOrDefault();
}
