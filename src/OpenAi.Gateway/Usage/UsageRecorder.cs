using System.Buffers.Binary;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>Makes the record of a request that has ended.</summary>
internal static class UsageRecorder
{
    /// <summary>The record of a request to a route, whose usage somebody wants to know.</summary>
    public static UsageRecord Of(GatewayRequest request, Exception? failure, long started, TimeSpan duration, GatewayServices services)
    {
        var (context, route, usage, time) = (request.Context, request.Route!, request.Usage!, services.Time);
        var ending = EndingOf(request, usage, failure);
        if (ending is UsageEnding.ClientLeftBeforeFirstToken or UsageEnding.ClientLeftAfterFirstToken && services.Usage.CutOff.IsCancellationRequested)
        {
            ending = UsageEnding.Shutdown; // A connection that the server cuts off looks like one that its client has left.
        }

        var now = time.GetUtcNow();
        return new UsageRecord
        {
            Id = NewId(now),
            Time = now,
            Consumer = RequestVariables.ConsumerName(request),
            Route = route.Pattern,
            Upstream = request.Upstream ?? route.Upstream,
            Node = request.Node?.Address.OriginalString,
            Operation = request.Operation,
            AskedModel = request.AskedModel,
            SentModel = request.Attempts == 0 ? null : usage.SentModel ?? request.Model?.Model,
            AnsweredModel = usage.AnsweredModel,
            Usage = usage.Tokens,
            IsEstimated = usage.IsEstimated,
            IsStreamed = usage.IsStreamed || (IsCached(request) && ContentHeaders.IsEventStream(context.Response.Headers.ContentType)),
            Ending = ending,
            Status = StatusOf(context, ending, failure),
            Attempts = request.Attempts,
            TimeToFirstToken = usage.FirstTokenAt is { } at ? time.GetElapsedTime(started, at) : null,
            Duration = duration,
            ServiceTier = usage.ServiceTier,
            Calls = usage.Calls,
            IsUnread = IsUnread(request, ending),
        };
    }

    // A UUID of version 7 (RFC 9562), as Guid.CreateVersion7 makes them. That asks the kernel for random bytes, and these need not be hard to guess.
    private static Guid NewId(DateTimeOffset time)
    {
        Span<byte> bytes = stackalloc byte[16];
        Random.Shared.NextBytes(bytes);
        var version = (byte)(0x70 | (bytes[6] & 0x0F));
        BinaryPrimitives.WriteInt64BigEndian(bytes, (time.ToUnixTimeMilliseconds() << 16) | bytes[7]);
        bytes[6] = version;
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new Guid(bytes, bigEndian: true);
    }

    private static UsageEnding EndingOf(GatewayRequest request, RequestUsage usage, Exception? failure)
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

        if (IsCached(request))
        {
            return request.IsFollower ? UsageEnding.Follower : UsageEnding.CacheHit;
        }

        // It left before an upstream was asked. A client that leaves at the end of its answer has got it.
        if (request.Attempts == 0 && HasLeft(request.Context))
        {
            return UsageEnding.ClientLeftBeforeFirstToken;
        }

        if (failure is not null)
        {
            return request.Attempts == 0 ? UsageEnding.Rejected : UsageEnding.UpstreamCut;
        }

        return usage.HasInBandError || (request.Attempts > 0 && request.Context.Response.StatusCode >= StatusCodes.Status400BadRequest)
            ? UsageEnding.UpstreamError
            : UsageEnding.Ok;
    }

    // What is only read back, or refused, takes nothing.
    private static bool IsUnread(GatewayRequest request, UsageEnding ending) => request.Operation == ModelOperation.Other
        && request.Attempts > 0
        && ending is not (UsageEnding.Rejected or UsageEnding.CacheHit or UsageEnding.Follower)
        && HttpMethods.IsPost(request.Context.Request.Method)
        && request.Context.Response.StatusCode < StatusCodes.Status400BadRequest;

    private static bool IsCached(GatewayRequest request) => request.CacheStatus is CacheStatus.Hit or CacheStatus.Stale;

    private static bool HasLeft(HttpContext context) =>
        context.RequestAborted.IsCancellationRequested || context.Response.StatusCode == Forwarder.ClientClosedRequest;

    // The response does not know yet that its client is gone, or that a time ran out.
    private static int StatusOf(HttpContext context, UsageEnding ending, Exception? failure) => context.Response.HasStarted ? context.Response.StatusCode : ending switch
    {
        UsageEnding.ClientLeftBeforeFirstToken or UsageEnding.ClientLeftAfterFirstToken or UsageEnding.Shutdown => Forwarder.ClientClosedRequest,
        UsageEnding.Timeout => StatusCodes.Status504GatewayTimeout,
        _ => EndedStatus.Of(context, failure),
    };
}
