using System.Text;

namespace OpenAi.Gateway.Tests.Forwarding;

/// <summary>Requests as they stand on the wire.</summary>
internal static class Request
{
    public const string Json = """{"model":"gpt-4o-mini","prompt":"Write a short product description."}""";

    public static string Get(string target, params IEnumerable<string> headers) => Of("GET", target, null, headers);

    public static string Post(string body = Json, params IEnumerable<string> headers) => Of("POST", "/v1/completions", body, headers);

    public static string Of(string method, string target, string? body, params IEnumerable<string> headers)
    {
        string[] length = body is null ? [] : [$"Content-Length: {Encoding.UTF8.GetByteCount(body)}"];
        return $"{method} {target} HTTP/1.1\r\nHost: gateway\r\n{string.Concat(length.Concat(headers).Select(line => line + "\r\n"))}\r\n{body}";
    }

    /// <summary>The head of a request whose body comes in chunks, or with a length, later.</summary>
    public static string Head(params IEnumerable<string> headers) => Of("POST", "/v1/completions", null, headers);
}
