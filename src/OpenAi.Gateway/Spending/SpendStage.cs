namespace OpenAi.Gateway;

/// <summary>
/// Reserves in every limit of tokens and money in scope what a call may take, and settles when it has ended, however it ends. It stands behind the
/// cache: an answer that did not come from the upstream takes nothing.
/// </summary>
internal sealed class SpendStage(SpendPolicy[] policies, GatewayServices services, GatewayDelegate next)
{
    private readonly StageCounter _counter = new(services);

    public Task InvokeAsync(GatewayRequest request) =>
        request.Model is { } model && request.Operation != ModelOperation.Other ? SpendAsync(request, model) : next(request);

    private async Task SpendAsync(GatewayRequest request, ModelRequest model)
    {
        // Whoever else wants to know or not: what the call took is settled by it.
        var usage = request.Usage ??= request.NewUsage();
        var granted = new List<SpendReservation>(policies.Length);
        try
        {
            if (await ReserveAsync(request, model, granted) is { } refusal)
            {
                await services.WriteErrorAsync(request.Context, refusal);
                return;
            }

            await next(request);
        }
        finally
        {
            await SettleAsync(request, granted, model, usage);
        }
    }

    // Null when all have granted. What some have granted stays in the list whatever happens, for the end to settle.
    private async ValueTask<GatewayError?> ReserveAsync(GatewayRequest request, ModelRequest model, List<SpendReservation> granted)
    {
        var context = request.Context;
        foreach (var policy in policies)
        {
            var limit = policy.Limit;
            var cost = limit.CostOf(model, services.Prices, out var error);
            if (error is not null || cost > limit.Most)
            {
                services.Metrics.LimitRejected(request.Route?.Pattern, limit.Kind);
                return error ?? limit.RefuseForever(model, cost);
            }

            var (key, window) = limit.WindowOf(request, services.Time.GetUtcNow());
            if (cost == 0)
            {
                granted.Add(new SpendReservation(limit, key, window, 0, default));
                continue;
            }

            if (await _counter.ReserveAsync(request, key, cost, limit.Most, window, limit.AllowDegradation) is not { } reservation)
            {
                if (limit.AllowDegradation)
                {
                    continue;
                }

                return GatewayErrors.LimitUnavailable;
            }

            if (!reservation.IsGranted)
            {
                limit.WriteHeaders(context.Response, reservation);
                services.Metrics.LimitRejected(request.Route?.Pattern, limit.Kind);
                return limit.Refuse(context, reservation);
            }

            granted.Add(new SpendReservation(limit, key, window, cost, reservation));
        }

        // Of several limits the tightest one of each kind is shown: it is the one that the caller will meet first.
        foreach (var one in granted.Where(one => one.Cost > 0).OrderByDescending(one => one.Reservation.Remaining))
        {
            one.Limit.WriteHeaders(context.Response, one.Reservation);
        }

        return null;
    }

    // Never with the request's token: a client that has left must not keep what it did not use.
    private async ValueTask SettleAsync(GatewayRequest request, List<SpendReservation> granted, ModelRequest model, RequestUsage usage)
    {
        if (model.IsBackground && usage.IsEstimated)
        {
            return; // The work goes on behind the answer, and nobody will say what it took: what was reserved stays.
        }

        foreach (var one in granted)
        {
            if (one.Limit.Spent(model, usage, services.Prices) is not { } taken)
            {
                continue;
            }

            // A guess must not be dearer than all that the request could take.
            var spent = usage.IsGuessed ? Math.Min(taken, one.Cost) : taken;
            if (one.Cost > 0)
            {
                await _counter.SettleAsync(request, one.Key, one.Reservation, one.Cost, spent);
            }
            else if (spent > 0)
            {
                // It was another model that answered, or more than was asked for: it has to be counted, whatever is left.
                await _counter.AddAsync(request, one.Key, spent, one.Window);
            }
        }
    }
}
