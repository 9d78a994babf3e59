using System.Text;
using System.Text.Json.Nodes;

namespace OpenAiSimulator;

internal sealed record RecordedRequest(string Method, string Path, IReadOnlyList<KeyValuePair<string, string>> Headers, string Body)
{
    public bool IsModelCall => HttpMethods.IsPost(Method) && Path.StartsWith("/v1/", StringComparison.Ordinal);

    public static RecordedRequest From(HttpRequest request, MemoryStream body) => new(
        request.Method,
        request.Path + request.QueryString,
        [.. request.Headers.Select(header => KeyValuePair.Create(header.Key, header.Value.ToString()))],
        Encoding.UTF8.GetString(body.GetBuffer().AsSpan(0, (int)body.Length)));

    public JsonObject ToJson() => new()
    {
        ["method"] = Method,
        ["path"] = Path,
        ["headers"] = new JsonObject(Headers.Select(header => KeyValuePair.Create(header.Key, (JsonNode?)header.Value))),
        ["body"] = Body,
    };
}
