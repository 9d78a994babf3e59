using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>
/// Reserves in every limit in scope. A request passes when all grant it; when one refuses, what the others granted is given back, so that a
/// refused request spends nothing. A limit that does not count the cache's hits does not refuse them either: its refusal waits until the
/// cache has nothing to answer with (<see cref="RefuseUnlessHit"/>).
/// </summary>
internal sealed class LimitCountStage(LimitCountPolicy[] policies, bool hasCache, GatewayServices services, GatewayDelegate next)
{
    private readonly StageCounter _counter = new(services);

    public Task InvokeAsync(GatewayRequest request)
    {
        var limit = policies[0].Limit;
        if (policies.Length > 1 || !limit.Options.CountCacheHits)
        {
            return ReserveAllAsync(request);
        }

        // The usual case: one limit, whose counter answers at once.
        var reserving = ReserveAsync(request, limit, limit.KeyOf(request));
        return reserving.IsCompletedSuccessfully ? Continue(request, limit, reserving.Result) : ContinueLaterAsync(request, limit, reserving);
    }

    /// <summary>The part of the stage between the cache and the endpoint.</summary>
    public static GatewayDelegate RefuseUnlessHit(GatewayDelegate endpoint) => request =>
        request.RefuseUnlessHit is { } refuse ? refuse() : endpoint(request);

    private async Task ContinueLaterAsync(GatewayRequest request, LimitCountPolicy.Compiled limit, ValueTask<LimitReservation?> reserving) =>
        await Continue(request, limit, await reserving);

    private Task Continue(GatewayRequest request, LimitCountPolicy.Compiled limit, LimitReservation? reserved)
    {
        var context = request.Context;
        if (reserved is not { } reservation)
        {
            return limit.Options.AllowDegradation ? next(request) : services.WriteErrorAsync(context, GatewayErrors.LimitUnavailable);
        }

        RateLimitHeaders.Write(context.Response, limit, reservation.Remaining, reservation.ResetAfter);
        return reservation.IsGranted ? next(request) : RefuseAsync(request, limit.Options, reservation);
    }

    private async Task ReserveAllAsync(GatewayRequest request)
    {
        var granted = new List<Reserved>(policies.Length);
        var refusals = new List<Reserved>();
        var isRefused = true; // until every limit has been asked

        // Once, and as soon as the answer begins: a free hit must take nobody's place while it is being sent.
        Task? givingBack = null;
        Task GiveBackOnceAsync() => givingBack ??= GiveBackAsync(request, granted.Where(one => isRefused || one.IsFree(request)));
        try
        {
            if (await FirstRefusalAsync(request, granted, refusals) is { } refusal)
            {
                await GiveBackOnceAsync();
                await Continue(request, refusal.Limit, refusal.Reservation);
                return;
            }

            isRefused = false;
            request.Context.Response.OnStarting(() =>
            {
                // Of several limits the tightest one is shown, which the caller will meet first; of several spent ones the one that it will meet longest.
                if (granted.Concat(refusals)
                    .Where(one => one.Limit.Options.ShowLimitQuotaHeader)
                    .MinBy(one => (one.RemainingAfter(request), -one.Reservation.ResetAfter)) is { } tightest)
                {
                    RateLimitHeaders.Write(request.Context.Response, tightest.Limit, tightest.RemainingAfter(request), tightest.Reservation.ResetAfter);
                }

                _ = GiveBackOnceAsync(); // The first byte need not wait for the counter's store.
                return Task.CompletedTask;
            });

            if (refusals.MaxBy(one => one.Reservation.ResetAfter) is { } longest)
            {
                request.RefuseUnlessHit = () =>
                {
                    isRefused = true;
                    return RefuseAsync(request, longest.Limit.Options, longest.Reservation);
                };
            }

            await next(request);
        }
        finally
        {
            request.RefuseUnlessHit = null;
            await GiveBackOnceAsync();
        }
    }

    // Null when none refuses; without a reservation when the counter's store is down. What some have granted is in the list whatever happens.
    private async ValueTask<(LimitCountPolicy.Compiled Limit, LimitReservation? Reservation)?> FirstRefusalAsync(
        GatewayRequest request, List<Reserved> granted, List<Reserved> refusals)
    {
        foreach (var policy in policies)
        {
            var limit = policy.Limit;
            var key = limit.KeyOf(request);
            if (await ReserveAsync(request, limit, key) is not { } reservation)
            {
                if (limit.Options.AllowDegradation)
                {
                    continue;
                }

                return (limit, null);
            }

            var reserved = new Reserved(limit, key, reservation);
            if (reservation.IsGranted)
            {
                granted.Add(reserved);
            }
            else if (hasCache && !limit.Options.CountCacheHits)
            {
                refusals.Add(reserved);
            }
            else
            {
                return (limit, reservation);
            }
        }

        return null;
    }

    private ValueTask<LimitReservation?> ReserveAsync(GatewayRequest request, LimitCountPolicy.Compiled limit, LimitKey key) =>
        _counter.ReserveAsync(request, key, 1, limit.Options.Count, limit.Options.TimeWindow, limit.Options.AllowDegradation);

    private async Task GiveBackAsync(GatewayRequest request, IEnumerable<Reserved> granted)
    {
        foreach (var one in granted)
        {
            await _counter.SettleAsync(request, one.Key, one.Reservation, reserved: 1, actual: 0);
        }
    }

    private Task RefuseAsync(GatewayRequest request, LimitCountOptions options, LimitReservation reservation)
    {
        services.Metrics.LimitRejected(request.Route?.Pattern, "requests");
        return services.WriteErrorAsync(request.Context, GatewayErrors.LimitReached(options.RejectedCode, options.RejectedMessage, reservation.ResetAfter));
    }

    private sealed record Reserved(LimitCountPolicy.Compiled Limit, LimitKey Key, LimitReservation Reservation)
    {
        public bool IsFree(GatewayRequest request) => !Limit.Options.CountCacheHits && request.CacheStatus == CacheStatus.Hit;

        public long RemainingAfter(GatewayRequest request) => Reservation.Remaining + (Reservation.IsGranted && IsFree(request) ? 1 : 0);
    }
}
