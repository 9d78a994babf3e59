using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

/// <summary>The ends of a request that are not the upstream's answer: its client left, nobody answered, or the answer broke off.</summary>
internal sealed class ForwardEnd(OpenAiRouteMetadata metadata, GatewayServices services, ILogger logger)
{
    /// <summary>Whether an attempt brought an answer, and somebody still wants it.</summary>
    public static bool CanAnswer(HttpContext context, ForwardAttempt attempt) => attempt.Error is null && !context.RequestAborted.IsCancellationRequested;

    /// <summary>Ends the request of an attempt that brought no answer to pass on.</summary>
    public Task EndWithoutAnswerAsync(HttpContext context, ForwardAttempt attempt)
    {
        if (attempt.Error?.Status == Forwarder.ClientClosedRequest)
        {
            // The server has not noticed yet: without the abort it would read on.
            context.Abort();
        }
        else if (attempt.Error is { } error && !context.RequestAborted.IsCancellationRequested)
        {
            return services.WriteErrorAsync(context, error);
        }

        ClientGone(context);
        return Task.CompletedTask;
    }

    /// <summary>Makes an answer that the upstream broke off look broken to the client, too.</summary>
    /// <param name="context">The request.</param>
    /// <param name="attempt">The attempt that brought it.</param>
    /// <param name="end">How its body ended.</param>
    /// <param name="mayTell">Whether the client can be told in its event stream, because that stands between two events.</param>
    /// <param name="lastNumber">The number of the last event, if they have any.</param>
    /// <exception cref="AnswerCutException">The client was told so in the stream, which now stops without a proper end.</exception>
    public async Task BreakOffAsync(HttpContext context, ForwardAttempt attempt, PumpEnd end, bool mayTell, long lastNumber = 0)
    {
        var error = NoteCut(context, attempt, end);
        if (GatewayRequest.Of(context).IsHeldBack)
        {
            return; // What the cache sends in its place is whole.
        }

        if (mayTell && context.Response.ContentLength is null)
        {
            // Most clients of OpenAI's API read an error out of the stream. Those that do not must not see a clean end either.
            await context.Response.Body.WriteAsync(SseError.Of(error, GatewayRequest.Of(context).Operation, lastNumber), context.RequestAborted);
            throw new AnswerCutException();
        }

        context.Abort();
    }

    /// <summary>Notes that an answer broke off, and gives the error that says so.</summary>
    public GatewayError NoteCut(HttpContext context, ForwardAttempt attempt, PumpEnd end)
    {
        var request = GatewayRequest.Of(context);
        ForwardLog.AnswerCut(logger, metadata.Pattern, attempt.Upstream.Name, attempt.Pair.Node.Address, end);
        request.IsIncomplete = true;
        return request.Error = end == PumpEnd.IdleTimeout ? GatewayErrors.UpstreamTimeout : GatewayErrors.UpstreamBroken;
    }

    public void ClientGone(HttpContext context)
    {
        var request = GatewayRequest.Of(context);
        request.IsIncomplete = true;
        if (request.IsHeldBack && !context.RequestAborted.IsCancellationRequested)
        {
            return; // It is the cache that wants no more of it.
        }

        request.Usage?.AddAbandoned(request.Attempts, HasTimedOut(context));
        EndAbandoned(context);
        ForwardLog.ClientGone(logger, metadata.Pattern);
    }

    /// <summary>Ends a request whose client has left.</summary>
    /// <exception cref="OperationCanceledException">It was not the client but the app's own request timeout: its middleware answers.</exception>
    public static void EndAbandoned(HttpContext context)
    {
        if (HasTimedOut(context))
        {
            throw new OperationCanceledException(context.RequestAborted);
        }

        if (!context.Response.HasStarted)
        {
            context.Response.StatusCode = Forwarder.ClientClosedRequest;
        }
    }

    /// <summary>Whether the app's own request timeout ran out.</summary>
    public static bool HasTimedOut(HttpContext context) =>
        context.Find<IHttpRequestTimeoutFeature>()?.RequestTimeoutToken.IsCancellationRequested == true;
}
