using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

/// <summary>
/// Sends a request to its upstream and the answer back.
/// <code>
///  client                       gateway                            upstream
///    │  ── request ──▶  1 read the body, once, up to a limit
///    │                  2 pick a node                     ◀─────┐
///    │                  3 make the message                      │ 5 retry while nothing
///    │                  4 send, wait for the first bytes  ───▶  │   went to the client
///    │                  5 judge the attempt  ───────────────────┘
///    │  ◀── 6 status and headers
///    │  ◀── 7 bytes, as they come
///    │      8 the end: whole, or visibly broken
/// </code>
/// </summary>
internal sealed class Forwarder(OpenAiRouteMetadata metadata, GatewayServices services)
{
    public const int ClientClosedRequest = 499; // nginx' code, for logs only

    private readonly ILogger _logger = services.Loggers.CreateLogger(ForwardLog.Category);

    public async Task InvokeAsync(HttpContext context)
    {
        if (!metadata.Settings.Methods.Contains(context.Request.Method))
        {
            await services.WriteErrorAsync(context, GatewayErrors.MethodNotAllowed(context.Request.Method));
            return;
        }

        var upstream = services.Upstreams.Get(metadata.Upstream);
        using var activity = GatewayActivitySource.Start(metadata, upstream);
        try
        {
            // 1
            if (await GatewayRequest.Of(context).ReadBodyAsync(upstream.Options.MaxBufferedBody, services) is not { } body)
            {
                return;
            }

            using var attempt = await SendAsync(context, upstream, body);
            await AnswerAsync(context, upstream, attempt);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            ClientGone(context);
        }
        finally
        {
            GatewayActivitySource.End(activity, context);
        }
    }

    private async Task<ForwardAttempt> SendAsync(HttpContext context, Upstream upstream, RequestBody body)
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
                ForwardLog.NoNode(_logger, metadata.Pattern, upstream.Name);
                return ForwardAttempt.Refused(GatewayErrors.NoUpstream(upstream.Options.Cooldown));
            }

            request.Node = node;
            request.Attempts++;

            // 3
            var attempt = new ForwardAttempt(
                UpstreamRequest.Create(context, metadata.Settings, upstream, node, body),
                new ForwardClock(services.Time, context.RequestAborted));

            // 4
            var left = LeftOf(deadline, started);
            var sent = services.Time.GetTimestamp();
            await attempt.SendAsync(upstream.Invoker, Shorter(left, upstream.Options.FirstByteTimeout));
            services.Metrics.UpstreamAnswered(metadata, attempt, services.Time.GetElapsedTime(sent));

            // 5
            if (context.RequestAborted.IsCancellationRequested || !IsFailure(attempt, upstream, node, request.Attempts))
            {
                return attempt;
            }

            (tried ??= []).Add(node);
            left = LeftOf(deadline, started);
            if (PauseBeforeRetry(attempt, upstream, body, tried, left) is not { } pause)
            {
                return attempt;
            }

            ForwardLog.Retrying(_logger, metadata.Pattern, upstream.Name, node.Address, attempt.Status, pause);
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

            ForwardLog.AttemptFailed(_logger, metadata.Pattern, number, upstream.Name, node.Address, error.Code, attempt.Exception);
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

    private async Task AnswerAsync(HttpContext context, Upstream upstream, ForwardAttempt attempt)
    {
        if (attempt.Error?.Status == ClientClosedRequest)
        {
            // The server has not noticed yet: without the abort it would read on.
            context.Abort();
        }

        if (context.RequestAborted.IsCancellationRequested || attempt.Error?.Status == ClientClosedRequest)
        {
            ClientGone(context);
            return;
        }

        if (attempt.Error is { } error)
        {
            await services.WriteErrorAsync(context, error);
            return;
        }

        // 6
        var response = context.Response;
        UpstreamResponse.CopyHead(attempt.Response!, response, GatewayRequest.Of(context).Node!.Credential);
        foreach (var transform in metadata.Settings.ResponseTransforms)
        {
            transform(context, attempt.Response!);
        }

        // 7
        var pump = new StreamPump(response.BodyWriter, attempt.Clock, upstream.Options.IdleTimeout, attempt.IsEventStream);
        var end = attempt.IsEventStream ? await StreamAsync(context, attempt, pump) : await pump.CopyAsync(attempt, context.RequestAborted);

        // 8
        await EndAsync(context, upstream, attempt, pump.Tail, end);
    }

    private async Task<PumpEnd> StreamAsync(HttpContext context, ForwardAttempt attempt, StreamPump pump)
    {
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        services.Metrics.StreamOpened(metadata);
        try
        {
            return await pump.CopyAsync(attempt, context.RequestAborted);
        }
        finally
        {
            services.Metrics.StreamClosed(metadata);
        }
    }

    private async Task EndAsync(HttpContext context, Upstream upstream, ForwardAttempt attempt, SseTail tail, PumpEnd end)
    {
        var request = GatewayRequest.Of(context);
        var isWhole = attempt.IsEventStream ? tail.IsDone : attempt.IsFramed;

        // A client that leaves at [DONE] has seen all there is.
        request.IsIncomplete = !isWhole || (end != PumpEnd.Complete && !(end == PumpEnd.ClientGone && tail.IsDone));
        if (end == PumpEnd.ClientGone)
        {
            if (request.IsIncomplete)
            {
                ClientGone(context);
            }
        }
        else if (end != PumpEnd.Complete || (attempt.IsEventStream && !isWhole && !attempt.IsFramed))
        {
            ForwardLog.AnswerCut(_logger, metadata.Pattern, upstream.Name, request.Node!.Address, end);
            request.Error = end == PumpEnd.IdleTimeout ? GatewayErrors.UpstreamTimeout : GatewayErrors.UpstreamBroken;
            if (attempt.IsEventStream && tail.IsBetweenEvents && !tail.IsDone && context.Response.ContentLength is null)
            {
                // Most clients of OpenAI's API read an error out of the stream. Those that do not must not see a clean end either.
                await context.Response.Body.WriteAsync(SseError.Of(request.Error), context.RequestAborted);
                throw new AnswerCutException();
            }

            context.Abort();
        }
    }

    private void ClientGone(HttpContext context)
    {
        GatewayRequest.Of(context).IsIncomplete = true;
        if (context.Features.Get<IHttpRequestTimeoutFeature>()?.RequestTimeoutToken.IsCancellationRequested == true)
        {
            // Not the client but the app's own request timeout: its middleware answers.
            throw new OperationCanceledException(context.RequestAborted);
        }

        ForwardLog.ClientGone(_logger, metadata.Pattern);
        if (!context.Response.HasStarted)
        {
            context.Response.StatusCode = ClientClosedRequest;
        }
    }
}
