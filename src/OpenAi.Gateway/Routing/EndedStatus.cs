using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>The status of a request that has ended: the response does not know yet what an exception makes of it.</summary>
internal static class EndedStatus
{
    public static int Of(HttpContext context, Exception? failure) => failure switch
    {
        null => context.Response.StatusCode,
        _ when context.Response.HasStarted => context.Response.StatusCode,
        BadHttpRequestException { StatusCode: var status } => status,
        OperationCanceledException when ForwardEnd.HasTimedOut(context) => StatusCodes.Status504GatewayTimeout,
        OperationCanceledException or IOException when context.RequestAborted.IsCancellationRequested => Forwarder.ClientClosedRequest,
        _ => StatusCodes.Status500InternalServerError,
    };
}
