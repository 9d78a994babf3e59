using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>Makes the record of a request that has ended.</summary>
internal static class UsageRecorder
{
    public static UsageRecord Of(HttpContext context, OpenAiRouteMetadata route, RequestUsage usage, long started, TimeProvider time)
    {
        var request = GatewayRequest.Of(context);
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
            Ending = EndingOf(context, request, usage),
            Status = context.Response.StatusCode,
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

        if (request.IsIncomplete || context.Response.StatusCode == Forwarder.ClientClosedRequest || (!usage.HasAnswer && context.RequestAborted.IsCancellationRequested))
        {
            return usage.FirstTokenAt is not null || (usage.HasAnswer && !usage.IsStreamed)
                ? UsageEnding.ClientLeftAfterFirstToken
                : UsageEnding.ClientLeftBeforeFirstToken;
        }

        return request.CacheStatus is CacheStatus.Hit or CacheStatus.Stale ? request.IsFollower ? UsageEnding.Follower : UsageEnding.CacheHit
            : request.Attempts > 0 && context.Response.StatusCode >= StatusCodes.Status400BadRequest ? UsageEnding.UpstreamError
            : UsageEnding.Ok;
    }
}
