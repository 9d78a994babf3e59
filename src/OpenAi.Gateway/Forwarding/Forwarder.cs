using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway;

/// <summary>
/// Sends a request to its upstream and the answer back.
/// <code>
///  client                       gateway                            upstream
///    │  ── request ──▶  1 read the body, once, up to a limit
///    │                  2 pick upstream, node and key     ◀─────┐
///    │                  3 make the message                      │ 5 retry while nothing
///    │                  4 send, wait for the first bytes  ───▶  │   went to the client
///    │                  5 judge the attempt  ───────────────────┘
///    │  ◀── 6 status and headers
///    │  ◀── 7 bytes, as they come
///    │      8 the end: whole, or visibly broken
/// </code>
/// </summary>
internal sealed class Forwarder
{
    public const int ClientClosedRequest = 499; // nginx' code, for logs only

    private readonly OpenAiRouteMetadata _metadata;
    private readonly GatewayServices _services;
    private readonly UpstreamCaller _caller;
    private readonly ForwardEnd _end;
    private readonly BridgeForwarder _bridge;

    public Forwarder(OpenAiRouteMetadata metadata, GatewayServices services)
    {
        var logger = services.Loggers.CreateLogger(ForwardLog.Category);
        (_metadata, _services) = (metadata, services);
        _caller = new UpstreamCaller(metadata, services, logger);
        _end = new ForwardEnd(metadata, services, logger);
        _bridge = new BridgeForwarder(metadata, services, _caller, _end);
    }

    public Task InvokeAsync(HttpContext context)
    {
        var request = GatewayRequest.Of(context);
        if (!_metadata.Settings.Methods.Contains(context.Request.Method))
        {
            return _services.WriteErrorAsync(context, GatewayErrors.MethodNotAllowed(context.Request.Method));
        }

        if (HttpMethods.IsGet(context.Request.Method) && AsksForWebSocket(context.Request))
        {
            return _services.WriteErrorAsync(context, GatewayErrors.NoWebSocket);
        }

        if (_metadata.Settings.LeadsElsewhere(request.UpstreamPath))
        {
            return _services.WriteErrorAsync(context, GatewayErrors.PathElsewhere);
        }

        var upstream = request.TargetIn(_services.Upstreams);
        return GatewayActivitySource.HasListeners ? TraceAsync(request, upstream) : ForwardAsync(request, upstream);
    }

    // An Upgrade header stops at the gateway. The upstream would see a plain GET that makes no sense to it, and its error would help nobody.
    private static bool AsksForWebSocket(HttpRequest request) =>
        request.Headers.Upgrade.ToString().Contains("websocket", StringComparison.OrdinalIgnoreCase);

    private async Task TraceAsync(GatewayRequest request, Upstream upstream)
    {
        var activity = GatewayActivitySource.Start(_metadata, upstream, _services.Listeners);
        Exception? failure = null;
        try
        {
            await ForwardAsync(request, upstream);
        }
        catch (Exception error)
        {
            failure = error;
            throw;
        }
        finally
        {
            GatewayActivitySource.End(activity, request, failure, _services.Listeners);
        }
    }

    private async Task ForwardAsync(GatewayRequest request, Upstream upstream)
    {
        var context = request.Context;
        try
        {
            // 1
            if (await request.ReadBodyAsync(upstream.Options.MaxBufferedBody, _services) is not { } body)
            {
                return;
            }

            body = request.EditedBody ?? body;
            if (_metadata.Settings.Bridge is { } bridge && request.Operation == ModelOperation.Completions)
            {
                await _bridge.InvokeAsync(request, upstream, bridge, body);
                return;
            }

            if (!body.IsComplete)
            {
                await ForwardLargeAsync(request, upstream, body);
                return;
            }

            using var call = new UpstreamCall(request.UpstreamPath, body, context.RequestAborted)
            {
                Form = request.Model?.Form ?? default,
                Write = upstream.Options.Fallbacks.Count > 0 && request.Model is { } model ? model.ToBody : null, // Only fallbacks need another form.
            };
            using var attempt = await _caller.SendAsync(request, upstream, call);
            await AnswerAsync(request, attempt);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            _end.ClientGone(context);
        }
    }

    // The rest of the body is read from the client while it is sent upstream; that must have ended before the request does.
    private async Task ForwardLargeAsync(GatewayRequest request, Upstream upstream, RequestBody body)
    {
        try
        {
            using var call = new UpstreamCall(request.UpstreamPath, body, request.Context.RequestAborted);
            using var attempt = await _caller.SendAsync(request, upstream, call);
            await AnswerAsync(request, attempt);
        }
        finally
        {
            await body.EndCopyAsync();
        }
    }

    private async Task AnswerAsync(GatewayRequest request, ForwardAttempt attempt)
    {
        var context = request.Context;
        if (!ForwardEnd.CanAnswer(context, attempt))
        {
            await _end.EndWithoutAnswerAsync(context, attempt);
            return;
        }

        // 6
        request.IsUsageUnasked = attempt.IsUsageUnasked;
        PumpEnd? end = null;
        SseTail? tail = null;
        using var meter = MeterOf(request, attempt);
        try
        {
            UpstreamResponse.CopyHead(attempt.Response!, context.Response, attempt.Pair.Key.Credential);
            UpstreamModel.Tell(context.Response, request.AskedModel, attempt.Model);
            foreach (var transform in _metadata.Settings.ResponseTransforms)
            {
                transform(context, attempt.Response!);
            }

            // 7
            var pump = new StreamPump(
                context.Response.BodyWriter,
                attempt.Clock,
                attempt.Upstream.Options.IdleTimeout,
                attempt.IsEventStream,
                meter,
                request.Operation.EndsWithDone());
            end = attempt.IsEventStream ? await StreamAsync(context, attempt, pump) : await pump.CopyAsync(attempt, context.RequestAborted);
            tail = pump.Tail;
        }
        finally
        {
            // Counted whatever became of the answer: the upstream has begun it, and charges for it.
            if (meter is not null)
            {
                meter.Complete();
                request.Usage!.Add(meter, attempt.Model, request.Model?.InputBytes ?? 0, isWhole: tail is { IsDone: true } || (end == PumpEnd.Complete && attempt.IsFramed));
            }
        }

        // 8
        await EndAsync(request, attempt, tail, end.Value);
    }

    // An error costs nothing, even if it tells a usage.
    private AnswerMeter? MeterOf(GatewayRequest request, ForwardAttempt attempt) => request.Usage is not null
        && request.Operation != ModelOperation.Other
        && attempt.Response!.IsSuccessStatusCode
            ? new AnswerMeter(request.Operation, attempt.IsEventStream, GatewayActivitySource.HasListeners, _services.Time)
            : null;

    private async Task<PumpEnd> StreamAsync(HttpContext context, ForwardAttempt attempt, StreamPump pump)
    {
        context.Find<IHttpResponseBodyFeature>()?.DisableBuffering();
        _services.Metrics.StreamOpened(_metadata);
        try
        {
            return await pump.CopyAsync(attempt, context.RequestAborted);
        }
        finally
        {
            _services.Metrics.StreamClosed(_metadata);
        }
    }

    private async Task EndAsync(GatewayRequest request, ForwardAttempt attempt, SseTail? tail, PumpEnd end)
    {
        var context = request.Context;
        var isDone = tail is { IsDone: true };
        var isWhole = isDone || (attempt.IsFramed && !(attempt.IsEventStream && request.Operation.EndsWithDone()));

        // A client that leaves after the last event has got the whole answer. A stream that tells of a failure has ended, but is not an answer.
        request.IsIncomplete = !isWhole || tail is { HasFailed: true } || (end != PumpEnd.Complete && !(end == PumpEnd.ClientGone && isDone));
        if (end == PumpEnd.ClientGone)
        {
            if (request.IsIncomplete)
            {
                _end.ClientGone(context);
            }
        }
        else if (end != PumpEnd.Complete || (attempt.IsEventStream && !isWhole && !attempt.IsFramed))
        {
            await _end.BreakOffAsync(context, attempt, end, mayTell: tail is { IsBetweenEvents: true } && !isDone, tail?.LastNumber ?? 0);
        }
        else if (context.Response is { StatusCode: >= StatusCodes.Status400BadRequest, ContentLength: null, HasStarted: false })
        {
            // An error without a body: UseStatusCodePages would write one, as long as the response has not begun.
            await context.Response.StartAsync(context.RequestAborted);
        }
    }
}
