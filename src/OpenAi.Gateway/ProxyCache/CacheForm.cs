using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace OpenAi.Gateway;

/// <summary>The two forms of a model's answer, JSON and event stream, and the way from one to the other.</summary>
internal static class CacheForm
{
    private static readonly StringValues Json = "application/json";
    private static readonly StringValues EventStream = "text/event-stream";

    /// <summary>
    /// A stored answer in the form that a request asks for; <see langword="null"/> when it cannot be made. Where the form is part of the
    /// key, or the gateway knows no form, it is given as it is.
    /// </summary>
    public static CacheEntry? For(GatewayRequest request, ProxyCachePolicy.Compiled cache, CacheEntry entry)
    {
        if (request.Model is not { } model || entry.Status != StatusCodes.Status200OK || entry.IsEventStream == model.IsStream)
        {
            return entry;
        }

        if (!model.HasBothForms)
        {
            return cache.Key.IncludesBody ? entry : null;
        }

        return (model.IsStream ? StreamReplay.Replay(entry.Body.Span) : StreamAssembler.Assemble(entry.Body.Span)) is { } body
            ? new CacheEntry(entry.Status, entry.StoredAt, entry.FreshFor, WithType(entry.Headers, model.IsStream ? EventStream : Json), body)
            : null;
    }

    private static KeyValuePair<string, StringValues>[] WithType(KeyValuePair<string, StringValues>[] headers, StringValues type) =>
    [
        .. headers.Where(header => !header.Key.Equals(HeaderNames.ContentType, StringComparison.OrdinalIgnoreCase)),
        KeyValuePair.Create(HeaderNames.ContentType, type),
    ];
}
