using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
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

    private readonly UpstreamCaller _caller = new(metadata, services, services.Loggers.CreateLogger(ForwardLog.Category));
    private readonly ForwardEnd _end = new(metadata, services, services.Loggers.CreateLogger(ForwardLog.Category));

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
            var request = GatewayRequest.Of(context);
            if (await request.ReadBodyAsync(upstream.Options.MaxBufferedBody, services) is not { } body)
            {
                return;
            }

            var call = new UpstreamCall(request.UpstreamPath, request.EditedBody ?? body);
            using var attempt = await _caller.SendAsync(context, upstream, call);
            await AnswerAsync(context, upstream, attempt);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            _end.ClientGone(context);
        }
        finally
        {
            GatewayActivitySource.End(activity, context);
        }
    }

    private async Task AnswerAsync(HttpContext context, Upstream upstream, ForwardAttempt attempt)
    {
        var request = GatewayRequest.Of(context);
        if (await _end.TryEndWithoutAnswerAsync(context, attempt))
        {
            return;
        }

        // 6
        PumpEnd? end = null;
        SseTail tail = default;
        using var meter = MeterOf(request, attempt);
        try
        {
            UpstreamResponse.CopyHead(attempt.Response!, context.Response, request.Node!.Credential);
            foreach (var transform in metadata.Settings.ResponseTransforms)
            {
                transform(context, attempt.Response!);
            }

            // 7
            var pump = new StreamPump(context.Response.BodyWriter, attempt.Clock, upstream.Options.IdleTimeout, attempt.IsEventStream, meter);
            end = attempt.IsEventStream ? await StreamAsync(context, attempt, pump) : await pump.CopyAsync(attempt, context.RequestAborted);
            tail = pump.Tail;
        }
        finally
        {
            // Whatever became of the answer: the upstream has begun it, and charges for it.
            if (meter is not null)
            {
                meter.Complete();
                request.Usage!.Add(meter, request.Model, isWhole: tail.IsDone || (end == PumpEnd.Complete && attempt.IsFramed));
            }
        }

        // 8
        await EndAsync(context, upstream, attempt, tail, end.Value);
    }

    // An error costs nothing, whatever it says.
    private AnswerMeter? MeterOf(GatewayRequest request, ForwardAttempt attempt) => request.Usage is not null
        && request.Operation != ModelOperation.Other
        && attempt.Response!.IsSuccessStatusCode
            ? AnswerMeter.Create(request.Operation, attempt.IsEventStream, services.Time)
            : null;

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
                _end.ClientGone(context);
            }
        }
        else if (end != PumpEnd.Complete || (attempt.IsEventStream && !isWhole && !attempt.IsFramed))
        {
            await _end.BreakOffAsync(context, upstream, end, attempt.IsEventStream && tail.IsBetweenEvents && !tail.IsDone);
        }
    }
}
