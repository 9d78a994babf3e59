using Microsoft.Extensions.Primitives;

namespace OpenAi.Gateway;

/// <summary>What the headers of an answer say of its body.</summary>
internal static class ContentHeaders
{
    /// <summary>Whether it is an event stream, by its <c>Content-Type</c>.</summary>
    public static bool IsEventStream(StringValues contentType)
    {
        var type = contentType.Count == 1 ? contentType[0].AsSpan() : default;
        var end = type.IndexOf(';');
        return (end < 0 ? type : type[..end]).Trim().Equals("text/event-stream", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether it is in a content encoding, such as a compression that nobody asked for.</summary>
    public static bool IsEncoded(StringValues contentEncoding) =>
        !StringValues.IsNullOrEmpty(contentEncoding) && !contentEncoding.ToString().Equals("identity", StringComparison.OrdinalIgnoreCase);
}
