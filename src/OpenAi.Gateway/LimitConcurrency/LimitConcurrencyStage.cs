namespace OpenAi.Gateway;

/// <summary>
/// Lets a limited number of requests go on at the same time. A place is free again when its answer has ended, however it ends; whoever leaves the queue
/// frees its place in it.
/// </summary>
internal sealed class LimitConcurrencyStage(LimitConcurrencyPolicy policy, GatewayServices services, GatewayDelegate next)
{
    public async Task InvokeAsync(GatewayRequest request)
    {
        var context = request.Context;
        var limit = policy.Limit;
        IDisposable? place;
        try
        {
            // First its body: a client that is slow to send it is not at the upstream yet, and takes nobody's place.
            if (request.Route is not null && await ReadBodyAsync(request) is null)
            {
                return; // It could not be read, and the client knows.
            }

            place = await EnterAsync(request, limit);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            ForwardEnd.EndAbandoned(context);
            return;
        }

        if (place is null)
        {
            services.Metrics.LimitRejected(request.Route?.Pattern, "concurrency");
            await services.WriteErrorAsync(context, GatewayErrors.ConcurrencyReached(limit.Options.RejectedCode, limit.Options.RejectedMessage));
            return;
        }

        using (place)
        {
            await next(request);
        }
    }

    private ValueTask<RequestBody?> ReadBodyAsync(GatewayRequest request) =>
        request.ReadBodyAsync(request.TargetIn(services.Upstreams).Options.MaxBufferedBody, services);

    // Null when there is no place, not even in the queue, or none in time.
    private async ValueTask<IDisposable?> EnterAsync(GatewayRequest request, LimitConcurrencyPolicy.Compiled limit)
    {
        var context = request.Context;
        var options = limit.Options;
        var key = limit.KeyOf(request);
        if (options.QueueLimit == 0)
        {
            return await services.Gates.EnterAsync(key, options.Permits, 0, context.RequestAborted);
        }

        using var deadline = new CancellationTokenSource(Timeout.InfiniteTimeSpan, services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, context.RequestAborted);
        try
        {
            var entering = services.Gates.EnterAsync(key, options.Permits, options.QueueLimit, either.Token);
            if (!entering.IsCompleted)
            {
                deadline.CancelAfter(options.QueueTimeout);
            }

            return await entering;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            return null;
        }
    }
}
