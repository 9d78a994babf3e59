using System.Net.Http.Headers;

namespace OpenAi.Gateway.Tests.ProxyCache;

/// <summary>An answer of the gateway, read whole.</summary>
internal sealed record CacheReply(int Status, string? Cache, string Text, IReadOnlyDictionary<string, string> Headers)
{
    public string? this[string name] => Headers.GetValueOrDefault(name);

    public static async Task<CacheReply> ReadAsync(HttpResponseMessage message, string statusHeader)
    {
        var headers = Lines(message.Headers).Concat(Lines(message.Content.Headers))
            .ToDictionary(line => line.Key, line => line.Value, StringComparer.OrdinalIgnoreCase);
        return new CacheReply(
            (int)message.StatusCode, headers.GetValueOrDefault(statusHeader), await message.Content.ReadAsStringAsync(), headers);
    }

    private static IEnumerable<KeyValuePair<string, string>> Lines(HttpHeaders headers) =>
        headers.NonValidated.Select(header => KeyValuePair.Create(header.Key, string.Join(" | ", header.Value)));
}
