using System.Net;

namespace OpenAi.Gateway;

/// <summary>The request's body as the content of an upstream request; can be sent again as long as the body is complete.</summary>
internal sealed class RequestBodyContent(RequestBody body) : HttpContent
{
    /// <summary>See <see cref="RequestBody.WaitsForClient"/>.</summary>
    public bool WaitsForClient => body.WaitsForClient;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        body.CopyToAsync(stream, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        body.CopyToAsync(stream, cancellationToken);

    protected override bool TryComputeLength(out long length)
    {
        length = body.ContentLength ?? -1;
        return length >= 0;
    }
}
