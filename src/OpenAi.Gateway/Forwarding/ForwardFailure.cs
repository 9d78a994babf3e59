using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>Says what an exception of the HTTP handler means to the client.</summary>
internal static class ForwardFailure
{
    public static GatewayError ErrorOf(Exception exception) => exception switch
    {
        HttpRequestException { InnerException: BadHttpRequestException body } => GatewayErrors.BodyUnreadable(body),
        OperationCanceledException => GatewayErrors.UpstreamTimeout,
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => GatewayErrors.UpstreamNameNotResolved,
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => GatewayErrors.UpstreamNotTrusted,
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => GatewayErrors.UpstreamUnreachable,
        _ => GatewayErrors.UpstreamBroken,
    };

    /// <summary>Whether the message repeats what the upstream sent, which may be the key that it was sent.</summary>
    public static bool QuotesUpstream(Exception exception) =>
        exception is HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse }
            or HttpIOException { HttpRequestError: HttpRequestError.InvalidResponse };

    /// <summary>Whether it is the client's fault, and says nothing of the node.</summary>
    public static bool IsOfClient(GatewayError error) => error.Status < 500;
}
