using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>Makes the record of a request that has ended.</summary>
internal static class UsageRecorder
{
    public static UsageRecord Of(HttpContext context, OpenAiRouteMetadata route, RequestUsage usage, long started, TimeProvider time)
    {
        var request = GatewayRequest.Of(context);
        var ending = EndingOf(context, request, usage);
        return new UsageRecord
        {
            Id = Guid.CreateVersion7(),
            Time = time.GetUtcNow(),
            Consumer = RequestVariables.ConsumerName(context),
            Route = route.Pattern,
            Upstream = request.Upstream ?? route.Upstream,
            Node = request.Node?.Address.OriginalString,
            Operation = request.Operation,
            AskedModel = request.Model?.AskedModel,
            SentModel = request.Attempts == 0 ? null : usage.SentModel ?? request.Model?.Model,
            AnsweredModel = usage.AnsweredModel,
            Usage = usage.Tokens,
            IsEstimated = usage.IsEstimated,
            IsStreamed = usage.IsStreamed,
            Ending = ending,
            Status = StatusOf(context, ending),
            Attempts = request.Attempts,
            TimeToFirstToken = usage.FirstTokenAt is { } at ? time.GetElapsedTime(started, at) : null,
            Duration = time.GetElapsedTime(started),
            ServiceTier = usage.ServiceTier,
        };
    }

    private static UsageEnding EndingOf(HttpContext context, GatewayRequest request, RequestUsage usage)
    {
        if (request.Error is { } error)
        {
            return request.Attempts == 0 || ForwardFailure.IsOfClient(error) ? UsageEnding.Rejected
                : error.Status == StatusCodes.Status504GatewayTimeout ? UsageEnding.Timeout
                : UsageEnding.UpstreamCut;
        }

        if (usage.HasTimedOut)
        {
            return UsageEnding.Timeout;
        }

        if (usage.HasClientLeft)
        {
            return usage.FirstTokenAt is not null || (usage.HasAnswer && !usage.IsStreamed)
                ? UsageEnding.ClientLeftAfterFirstToken
                : UsageEnding.ClientLeftBeforeFirstToken;
        }

        if (request.CacheStatus is CacheStatus.Hit or CacheStatus.Stale)
        {
            return request.IsFollower ? UsageEnding.Follower : UsageEnding.CacheHit;
        }

        // A client that leaves at the end of its answer has got it.
        return request.Attempts == 0 && HasLeftUnasked(context) ? UsageEnding.ClientLeftBeforeFirstToken
            : request.Attempts > 0 && context.Response.StatusCode >= StatusCodes.Status400BadRequest ? UsageEnding.UpstreamError
            : UsageEnding.Ok;
    }

    // While its body was read, or while it waited for another call's answer.
    private static bool HasLeftUnasked(HttpContext context) =>
        context.RequestAborted.IsCancellationRequested || context.Response.StatusCode == Forwarder.ClientClosedRequest;

    // Of a client that is gone, or of a time that ran out, the response does not know yet.
    private static int StatusOf(HttpContext context, UsageEnding ending) => context.Response.HasStarted ? context.Response.StatusCode : ending switch
    {
        UsageEnding.ClientLeftBeforeFirstToken or UsageEnding.ClientLeftAfterFirstToken => Forwarder.ClientClosedRequest,
        UsageEnding.Timeout => StatusCodes.Status504GatewayTimeout,
        _ => context.Response.StatusCode,
    };
}
