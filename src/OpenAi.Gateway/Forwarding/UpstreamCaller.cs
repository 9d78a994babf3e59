using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

/// <summary>
/// Asks an upstream and its fallbacks until an answer can be passed on or nothing is left to try: steps 2 to 5 of <see cref="Forwarder"/>. The
/// caller disposes the attempt that it is given.
/// </summary>
internal sealed class UpstreamCaller(OpenAiRouteMetadata metadata, GatewayServices services, ILogger logger)
{
    // The clock of cooldowns, the one that measures the wait and the timer may differ by so much.
    private static readonly TimeSpan ClockSlack = TimeSpan.FromMilliseconds(50);

    private readonly AttemptJudge _judge = new(metadata, services, logger);

    public async Task<ForwardAttempt> SendAsync(GatewayRequest request, Upstream upstream, UpstreamCall call)
    {
        var started = services.Time.GetTimestamp();
        var deadline = metadata.Settings.Timeout ?? upstream.Options.Timeout;
        var chain = new UpstreamChain(request.Context, upstream, services.Upstreams, metadata.Settings.Retries, call);
        upstream.Budget.AddCall(started);

        // 2
        if (chain.First() is not { } step)
        {
            ForwardLog.NoNode(logger, metadata.Pattern, upstream.Name);
            var clock = request.BeginClock(services.Time, call.Cancelled);
            return ForwardAttempt.Refused(upstream, GatewayErrors.NoUpstream(upstream.Options.Cooldown), clock);
        }

        while (true)
        {
            // 3
            var attempt = Create(request, step, call, out var number);
            try
            {
                // 4
                var sent = number == 1 ? started : services.Time.GetTimestamp();
                var rest = LeftOf(deadline, started, sent);
                var patience = step.Upstream.Options.FirstByteTimeout;
                await attempt.SendAsync(step.Upstream.Invoker, rest < patience ? rest : patience);
                Note(request, attempt, sent, call.Cancelled);

                // 5
                if (call.Cancelled.IsCancellationRequested
                    || _judge.Judge(attempt, number, chain) is not { IsFinal: false } verdict
                    || await NextAsync(attempt, verdict, upstream, call, chain, LeftOf(deadline, started, services.Time.GetTimestamp())) is not { } next)
                {
                    return attempt;
                }

                step = next;
            }
            catch
            {
                // The client left, or the app's own selector failed: nobody will read what has come.
                attempt.Dispose();
                throw;
            }

            attempt.Dispose();
        }
    }

    // Where the call goes on, after the pause before it; null when the call ends with this attempt.
    private async Task<UpstreamStep?> NextAsync(
        ForwardAttempt attempt, Verdict verdict, Upstream upstream, UpstreamCall call, UpstreamChain chain, TimeSpan left)
    {
        if (left <= TimeSpan.Zero || !call.Body.CanBeSent || chain.Next(attempt.Pair, verdict, left) is not { } next)
        {
            return null;
        }

        if (!upstream.Budget.TryTake(upstream.Options.RetryBudget))
        {
            ForwardLog.RetryDenied(logger, metadata.Pattern, upstream.Name, attempt.Status);
            services.Metrics.RetryDenied(upstream);
            return null;
        }

        Announce(attempt, next);
        return next.Pause <= TimeSpan.Zero || await WaitAsync(next, attempt, left, call.Cancelled) ? next : null;
    }

    private ForwardAttempt Create(GatewayRequest request, UpstreamStep step, UpstreamCall call, out int number)
    {
        number = request.BeginAttempt(step.Upstream, step.Pair.Node);
        var form = call.FormFor(step.Upstream, step.Fallback);

        // A fallback's own name for a model can only stand in the body.
        var model = form.Model == call.Form.Model ? request.PathAlias?.Model ?? form.Model : form.Model;
        if (model is not null)
        {
            request.Usage?.SentModel = model;
        }

        var message = UpstreamRequest.Create(request.Context, metadata.Settings, step, call.Path, call.BodyIn(form));
        return new ForwardAttempt(step, message, request.BeginClock(services.Time, call.Cancelled))
        {
            Model = model,
            IsUsageUnasked = form.AsksForUsage != call.Form.AsksForUsage,
        };
    }

    private void Note(GatewayRequest request, ForwardAttempt attempt, long sent, CancellationToken cancelled)
    {
        // A call that the client ended, or never sent in full, tells nothing of the upstream.
        var isOfClient = attempt.Error is { } error && (cancelled.IsCancellationRequested || ForwardFailure.IsOfClient(error));
        if (services.Metrics.IsTimingUpstreams && !isOfClient)
        {
            services.Metrics.UpstreamAnswered(attempt, services.Time.GetElapsedTime(sent));
        }

        if (attempt.Error is { } failure)
        {
            // Counts even if the next attempt succeeds: the upstream may have worked all the same.
            request.Usage?.AddFailure(failure);
        }
    }

    private void Announce(ForwardAttempt attempt, UpstreamStep next)
    {
        services.Metrics.Retried(attempt.Upstream);
        if (next.Upstream == attempt.Upstream)
        {
            ForwardLog.Retrying(logger, metadata.Pattern, attempt.Upstream.Name, attempt.Pair.Node.Address, attempt.Status, next.Pause);
        }
        else
        {
            ForwardLog.FallingBack(logger, metadata.Pattern, attempt.Upstream.Name, attempt.Pair.Node.Address, attempt.Status, next.Upstream.Name);
        }
    }

    // False when the upstream has meanwhile asked another request for a pause that is too long for this one to wait.
    private async Task<bool> WaitAsync(UpstreamStep next, ForwardAttempt attempt, TimeSpan left, CancellationToken clientGone)
    {
        // The attempt must not time out meanwhile: when the wait is in vain, its answer goes to the client.
        attempt.Clock.Restart(Timeout.InfiniteTimeSpan);
        var began = services.Time.GetTimestamp();
        for (var pause = next.Pause; pause > TimeSpan.Zero; pause = next.Pair.AskedLeft)
        {
            var waited = services.Time.GetElapsedTime(began);
            if (waited + pause > next.Upstream.Options.MaxRetryDelay + ClockSlack || waited + pause >= left)
            {
                return false;
            }

            // Timers count whole milliseconds, and the upstream must not be asked too early.
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(pause.TotalMilliseconds)), services.Time, clientGone);
        }

        return true;
    }

    // Never below zero, which a timer takes for endless.
    private TimeSpan LeftOf(TimeSpan deadline, long started, long now) => deadline - services.Time.GetElapsedTime(started, now) is var left && left > TimeSpan.Zero
        ? left
        : TimeSpan.Zero;
}
