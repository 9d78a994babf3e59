using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

/// <summary>
/// Asks an upstream until an answer can be passed on or nothing is left to try: steps 2 to 5 of <see cref="Forwarder"/>. The caller disposes the
/// attempt that it is given.
/// </summary>
internal sealed class UpstreamCaller(OpenAiRouteMetadata metadata, GatewayServices services, ILogger logger)
{
    public async Task<ForwardAttempt> SendAsync(HttpContext context, Upstream upstream, UpstreamCall call)
    {
        var request = GatewayRequest.Of(context);
        var started = services.Time.GetTimestamp();
        var deadline = metadata.Settings.Timeout ?? upstream.Options.Timeout;
        List<UpstreamNode>? tried = null;
        while (true)
        {
            // 2
            var node = upstream.Pick(context, tried);
            if (node is null)
            {
                ForwardLog.NoNode(logger, metadata.Pattern, upstream.Name);
                return ForwardAttempt.Refused(GatewayErrors.NoUpstream(upstream.Options.Cooldown));
            }

            var number = request.BeginAttempt(upstream, node);

            // 3
            var attempt = new ForwardAttempt(
                UpstreamRequest.Create(context, metadata.Settings, upstream, node, call),
                new ForwardClock(services.Time, context.RequestAborted));

            // 4
            var left = LeftOf(deadline, started);
            var sent = services.Time.GetTimestamp();
            await attempt.SendAsync(upstream.Invoker, Shorter(left, upstream.Options.FirstByteTimeout));
            services.Metrics.UpstreamAnswered(metadata, attempt, services.Time.GetElapsedTime(sent));
            if (attempt.Error is { } failure)
            {
                // Whatever the next attempt brings.
                request.Usage?.AddFailure(failure);
            }

            // 5
            if (context.RequestAborted.IsCancellationRequested || !IsFailure(attempt, upstream, node, number))
            {
                return attempt;
            }

            (tried ??= []).Add(node);
            left = LeftOf(deadline, started);
            if (PauseBeforeRetry(attempt, upstream, call.Body, tried, left) is not { } pause)
            {
                return attempt;
            }

            ForwardLog.Retrying(logger, metadata.Pattern, upstream.Name, node.Address, attempt.Status, pause);
            services.Metrics.Retried(metadata);
            attempt.Dispose();
            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, services.Time, context.RequestAborted);
            }
        }
    }

    // Never below zero, which a timer takes for endless.
    private TimeSpan LeftOf(TimeSpan deadline, long started) => deadline - services.Time.GetElapsedTime(started) is var left && left > TimeSpan.Zero
        ? left
        : TimeSpan.Zero;

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private bool IsFailure(ForwardAttempt attempt, Upstream upstream, UpstreamNode node, int number)
    {
        if (attempt.Error is { } error)
        {
            if (ForwardFailure.IsOfClient(error))
            {
                return false;
            }

            ForwardLog.AttemptFailed(logger, metadata.Pattern, number, upstream.Name, node.Address, error.Code, attempt.Exception);
        }
        else if (!RetryPolicy.IsFailure(attempt.Response!.StatusCode))
        {
            node.Succeeded();
            return RetryPolicy.MayRetry(attempt.Response);
        }

        node.Failed(attempt.RetryAfter(services.Time) is { } asked ? Shorter(asked, RetryPolicy.LongestRest) : upstream.Options.Cooldown);
        return true;
    }

    // The pause before the next attempt, or null when this one was the last.
    private TimeSpan? PauseBeforeRetry(ForwardAttempt attempt, Upstream upstream, RequestBody body, List<UpstreamNode> tried, TimeSpan left)
    {
        var retries = metadata.Settings.Retries ?? upstream.Retries;
        if (left <= TimeSpan.Zero || tried.Count > retries || !body.CanBeSent || (attempt.Response is { } response && !RetryPolicy.MayRetry(response)) || attempt.IsOutOfQuota)
        {
            return null;
        }

        if (upstream.HasFreshNode(tried))
        {
            return TimeSpan.Zero;
        }

        var pause = attempt.RetryAfter(services.Time) ?? RetryPolicy.Pause(tried.Count);
        return pause <= upstream.Options.MaxRetryDelay && pause < left ? pause : null;
    }
}
