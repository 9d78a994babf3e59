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
    private readonly UpstreamCaller _caller = new(metadata, services, services.Loggers.CreateLogger(ForwardLog.Category));

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
            ClientGone(context);
        }
        finally
        {
            GatewayActivitySource.End(activity, context);
        }
    }

    /// <summary>Ends a request whose client has left.</summary>
    /// <exception cref="OperationCanceledException">It was not the client but the app's own request timeout: its middleware answers.</exception>
    public static void EndAbandoned(HttpContext context)
    {
        if (context.Features.Get<IHttpRequestTimeoutFeature>()?.RequestTimeoutToken.IsCancellationRequested == true)
        {
            throw new OperationCanceledException(context.RequestAborted);
        }

        if (!context.Response.HasStarted)
        {
            context.Response.StatusCode = ClientClosedRequest;
        }
    }

    private async Task AnswerAsync(HttpContext context, Upstream upstream, ForwardAttempt attempt)
    {
        var request = GatewayRequest.Of(context);
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
            request.Usage?.AddFailure(error);
            await services.WriteErrorAsync(context, error);
            return;
        }

        // 6
        var response = context.Response;
        UpstreamResponse.CopyHead(attempt.Response!, response, request.Node!.Credential);
        foreach (var transform in metadata.Settings.ResponseTransforms)
        {
            transform(context, attempt.Response!);
        }

        // 7
        using var meter = MeterOf(request, attempt);
        var pump = new StreamPump(response.BodyWriter, attempt.Clock, upstream.Options.IdleTimeout, attempt.IsEventStream, meter);
        PumpEnd end;
        try
        {
            end = attempt.IsEventStream ? await StreamAsync(context, attempt, pump) : await pump.CopyAsync(attempt, context.RequestAborted);
        }
        finally
        {
            if (meter is not null)
            {
                meter.Complete();
                request.Usage!.Add(meter, request.Model);
            }
        }

        // 8
        await EndAsync(context, upstream, attempt, pump.Tail, end);
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
        var request = GatewayRequest.Of(context);
        request.IsIncomplete = true;
        request.Usage?.AddAbandoned(request.Attempts);
        EndAbandoned(context);
        ForwardLog.ClientGone(_logger, metadata.Pattern);
    }
}
