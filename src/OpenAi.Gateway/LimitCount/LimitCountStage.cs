using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

/// <summary>
/// Reserves in every limit in scope. A request passes when all grant it; when one refuses, what the others granted is given back, so that a
/// refused request spends nothing. A limit that does not count the cache's hits does not refuse them either: its refusal waits until the
/// cache has nothing to answer with (<see cref="RefuseUnlessHitAsync"/>).
/// </summary>
internal sealed class LimitCountStage(LimitCountPolicy[] policies, bool hasCache, GatewayServices services, RequestDelegate next)
{
    private readonly ILogger _logger = services.Loggers.CreateLogger(LimitCountLog.Category);

    public Task InvokeAsync(HttpContext context)
    {
        var limit = policies[0].Limit;
        if (policies.Length > 1 || !limit.Options.CountCacheHits)
        {
            return ReserveAllAsync(context);
        }

        // The usual case: one limit, whose counter answers at once.
        var reserving = ReserveAsync(limit, limit.KeyOf(context), context);
        return reserving.IsCompletedSuccessfully ? Continue(context, limit.Options, reserving.Result) : ContinueLaterAsync(context, limit.Options, reserving);
    }

    /// <summary>The part of the stage between the cache and the endpoint.</summary>
    public static RequestDelegate RefuseUnlessHitAsync(RequestDelegate endpoint) => context =>
        GatewayRequest.Of(context).RefuseUnlessHit is { } refuse ? refuse() : endpoint(context);

    private async Task ContinueLaterAsync(HttpContext context, LimitCountOptions options, ValueTask<LimitReservation?> reserving) =>
        await Continue(context, options, await reserving);

    private Task Continue(HttpContext context, LimitCountOptions options, LimitReservation? reserved)
    {
        if (reserved is not { } reservation)
        {
            return options.AllowDegradation ? next(context) : services.WriteErrorAsync(context, GatewayErrors.LimitUnavailable);
        }

        RateLimitHeaders.Write(context.Response, options, reservation.Remaining, reservation.ResetAfter);
        return reservation.IsGranted ? next(context) : RefuseAsync(context, options, reservation);
    }

    private async Task ReserveAllAsync(HttpContext context)
    {
        var granted = new List<Reserved>(policies.Length);
        var refusals = new List<Reserved>();
        foreach (var policy in policies)
        {
            var limit = policy.Limit;
            var key = limit.KeyOf(context);
            if (await ReserveAsync(limit, key, context) is not { } reservation)
            {
                if (limit.Options.AllowDegradation)
                {
                    continue;
                }

                await GiveBackAsync(granted);
                await services.WriteErrorAsync(context, GatewayErrors.LimitUnavailable);
                return;
            }

            if (!reservation.IsGranted && hasCache && !limit.Options.CountCacheHits)
            {
                refusals.Add(new Reserved(limit.Options, key, reservation));
                continue;
            }

            if (!reservation.IsGranted)
            {
                await GiveBackAsync(granted);
                RateLimitHeaders.Write(context.Response, limit.Options, reservation.Remaining, reservation.ResetAfter);
                await RefuseAsync(context, limit.Options, reservation);
                return;
            }

            granted.Add(new Reserved(limit.Options, key, reservation));
        }

        context.Response.OnStarting(() =>
        {
            // Of several limits the tightest one is shown: it is the one that the caller will meet first.
            if (granted.Concat(refusals).Where(one => one.Options.ShowLimitQuotaHeader).MinBy(one => one.RemainingAfter(context)) is { } tightest)
            {
                RateLimitHeaders.Write(context.Response, tightest.Options, tightest.RemainingAfter(context), tightest.Reservation.ResetAfter);
            }

            return Task.CompletedTask;
        });

        var request = GatewayRequest.Of(context);
        var isRefused = false;
        if (refusals.Count > 0)
        {
            request.RefuseUnlessHit = () =>
            {
                isRefused = true;
                return RefuseAsync(context, refusals[0].Options, refusals[0].Reservation);
            };
        }

        await next(context);
        request.RefuseUnlessHit = null;
        await GiveBackAsync(granted.Where(one => isRefused || one.IsFree(context)));
    }

    // Null when the counter's store is down.
    private async ValueTask<LimitReservation?> ReserveAsync(LimitCountPolicy.Compiled limit, LimitKey key, HttpContext context)
    {
        try
        {
            return await services.Counter.ReserveAsync(key, 1, limit.Options.Count, limit.Options.TimeWindow, context.RequestAborted);
        }
        catch (Exception error) when (!context.RequestAborted.IsCancellationRequested)
        {
            LimitCountLog.CounterFailed(_logger, key.Limit, limit.Options.AllowDegradation, error);
            return null;
        }
    }

    private async ValueTask GiveBackAsync(IEnumerable<Reserved> granted)
    {
        foreach (var one in granted)
        {
            try
            {
                await services.Counter.SettleAsync(one.Key, one.Reservation, reserved: 1, actual: 0);
            }
            catch (Exception error)
            {
                // The request has its answer already; the window's end gives the count back.
                LimitCountLog.CounterFailed(_logger, one.Key.Limit, true, error);
            }
        }
    }

    private Task RefuseAsync(HttpContext context, LimitCountOptions options, LimitReservation reservation)
    {
        services.Metrics.LimitRejected(GatewayRequest.Of(context).Route?.Pattern, "requests");
        return services.WriteErrorAsync(context, GatewayErrors.LimitReached(options.RejectedCode, options.RejectedMessage, reservation.ResetAfter));
    }

    private sealed record Reserved(LimitCountOptions Options, LimitKey Key, LimitReservation Reservation)
    {
        public bool IsFree(HttpContext context) => !Options.CountCacheHits && GatewayRequest.Of(context).CacheStatus == CacheStatus.Hit;

        public long RemainingAfter(HttpContext context) => Reservation.Remaining + (Reservation.IsGranted && IsFree(context) ? 1 : 0);
    }
}
