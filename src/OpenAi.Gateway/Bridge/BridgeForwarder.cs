using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway;

/// <summary>
/// Answers a legacy request by chats, one upstream call for each prompt, all at the same time: each is retried on its own, and the client
/// gets one answer of them, or the first failure.
/// </summary>
internal sealed class BridgeForwarder(OpenAiRouteMetadata metadata, GatewayServices services, UpstreamCaller caller, ForwardEnd ends)
{
    // The calls of one answer are in memory together until it is written.
    private const int MaxAnswerSize = 32 * 1024 * 1024;

    public async Task InvokeAsync(GatewayRequest request, Upstream upstream, CompletionBridge bridge, RequestBody body)
    {
        var context = request.Context;
        if (!body.IsComplete)
        {
            await services.WriteErrorAsync(context, GatewayErrors.BodyTooLarge(upstream.Options.MaxBufferedBody));
            return;
        }

        if (BridgeRequest.Parse(body.Memory, bridge, out var legacy, request.Model?.AskedModel) is { } error)
        {
            await services.WriteErrorAsync(context, error);
            return;
        }

        var calls = new BridgeCall[legacy!.Prompts];
        try
        {
            for (var prompt = 0; prompt < calls.Length; prompt++)
            {
                calls[prompt] = new BridgeCall(legacy, prompt, bridge, request, upstream.Options);
            }

            var failed = await RunAsync(calls, call => call.TrySendAsync(caller, request, upstream));
            await AnswerAsync(new Exchange(request, bridge, legacy, calls), failed);
        }
        finally
        {
            if (Array.Exists(calls, call => call?.IsUnread == true))
            {
                // What it took, nobody will know.
                request.Usage?.AddFailure(GatewayErrors.UpstreamBroken);
            }

            Array.ForEach(calls, call => call?.Dispose());
        }
    }

    // Gives the first call that failed, if one did: the others are of no use then, and are given up at once.
    private static async Task<BridgeCall?> RunAsync(BridgeCall[] calls, Func<BridgeCall, Task<bool>> run)
    {
        BridgeCall? failed = null;
        await Task.WhenAll(calls.Select(async call =>
        {
            var isWell = false;
            try
            {
                isWell = await run(call);
            }
            finally
            {
                if (!isWell && Interlocked.CompareExchange(ref failed, call, null) is null)
                {
                    await Task.WhenAll(calls.Where(other => other != call).Select(other => other.GiveUpAsync()));
                }
            }
        }));
        return failed;
    }

    private Task AnswerAsync(Exchange exchange, BridgeCall? failed) => failed is not null ? WriteErrorAsync(exchange, failed)
        : Array.Exists(exchange.Calls, call => call.Attempt!.IsEventStream != exchange.Legacy.IsStream) ? RefuseFormAsync(exchange)
        : exchange.Legacy.IsStream ? StreamAsync(exchange)
        : WriteAsync(exchange);

    private async Task WriteErrorAsync(Exchange exchange, BridgeCall call)
    {
        if (!ForwardEnd.CanAnswer(exchange.Context, call.Attempt!))
        {
            await ends.EndWithoutAnswerAsync(exchange.Context, call.Attempt!);
            return;
        }

        using var body = new BodyWriter(MaxAnswerSize);
        var isWhole = await ReadAsync(exchange, call, body);
        if (await EndsWellAsync(exchange, isWhole ? null : call))
        {
            var output = new ArrayBufferWriter<byte>(1024);
            BridgeError.Write(body.Body.Span, output);
            await SendAsync(exchange, call.Attempt!, output.WrittenMemory);
        }
    }

    // The answers are not read: they can only be useless, and a stream may take its time.
    private async Task RefuseFormAsync(Exchange exchange)
    {
        await Task.WhenAll(exchange.Calls.Select(call => call.GiveUpAsync()));
        await RefuseAsync(exchange, exchange.Calls[0]);
    }

    private async Task WriteAsync(Exchange exchange)
    {
        var calls = exchange.Calls;
        var bodies = Array.ConvertAll(calls, _ => new BodyWriter(MaxAnswerSize / calls.Length));
        try
        {
            var broken = await RunAsync(calls, call => ReadAsync(exchange, call, bodies[Array.IndexOf(calls, call)]));
            if (!await EndsWellAsync(exchange, broken))
            {
                return;
            }

            var answer = new ArrayBufferWriter<byte>(1024);
            if (BridgeAnswer.TryWrite(exchange.Legacy, Array.ConvertAll(bodies, body => body.Body), services.Time, answer))
            {
                await SendAsync(exchange, calls[0].Attempt!, answer.WrittenMemory);
            }
            else
            {
                await RefuseAsync(exchange, calls[0]);
            }
        }
        finally
        {
            Array.ForEach(bodies, body => body.Dispose());
        }
    }

    private Task<bool> ReadAsync(Exchange exchange, BridgeCall call, CallWriter writer) =>
        call.ReadAsync(writer, exchange.Request, services.Time, exchange.Context.RequestAborted);

    // Nothing has been sent yet, so that a failure can still be told.
    private async Task<bool> EndsWellAsync(Exchange exchange, BridgeCall? broken)
    {
        if (broken is null)
        {
            return true;
        }

        if (exchange.Context.RequestAborted.IsCancellationRequested)
        {
            ends.ClientGone(exchange.Context);
        }
        else if (broken.End is PumpEnd.Complete or PumpEnd.ClientGone)
        {
            await RefuseAsync(exchange, broken); // It is too large, or nobody can tell whether it is whole.
        }
        else
        {
            await services.WriteErrorAsync(exchange.Context, ends.NoteCut(exchange.Context, broken.Attempt!, broken.End ?? PumpEnd.Broken));
        }

        return false;
    }

    private Task RefuseAsync(Exchange exchange, BridgeCall call)
    {
        ends.NoteCut(exchange.Context, call.Attempt!, PumpEnd.Broken);
        return services.WriteErrorAsync(exchange.Context, GatewayErrors.UpstreamNotChat);
    }

    private async Task SendAsync(Exchange exchange, ForwardAttempt shown, ReadOnlyMemory<byte> body)
    {
        Begin(exchange, shown);
        exchange.Context.Response.ContentLength = body.Length;
        await exchange.Context.Response.BodyWriter.WriteAsync(body, exchange.Context.RequestAborted);
    }

    private void Begin(Exchange exchange, ForwardAttempt shown)
    {
        var response = exchange.Context.Response;
        exchange.Request.IsUsageUnasked = Array.Exists(exchange.Calls, call => call.Attempt?.IsUsageUnasked == true);
        UpstreamResponse.CopyHead(shown.Response!, response, shown.Pair.Key.Credential);
        response.ContentLength = null; // The answer gets another form, and so another length.
        if (exchange.Bridge.Options.ModelHeader is { } header && UpstreamModel.IsPrintable(shown.Model!))
        {
            response.Headers[header] = shown.Model;
        }

        foreach (var transform in metadata.Settings.ResponseTransforms)
        {
            transform(exchange.Context, shown.Response!);
        }
    }

    private async Task StreamAsync(Exchange exchange)
    {
        var (context, calls) = (exchange.Context, exchange.Calls);
        Begin(exchange, calls[0].Attempt!);
        context.Find<IHttpResponseBodyFeature>()?.DisableBuffering();
        using var turn = new SemaphoreSlim(1);
        var stream = new BridgeStream(exchange.Legacy, services.Time);
        var writers = calls.Select((_, i) => new EventWriter(i, stream, context.Response.BodyWriter, turn)).ToArray();
        BridgeCall? broken;
        services.Metrics.StreamOpened(metadata);
        try
        {
            broken = await RunAsync(calls, call => ReadAsync(exchange, call, writers[Array.IndexOf(calls, call)]));
        }
        finally
        {
            services.Metrics.StreamClosed(metadata);
            Array.ForEach(writers, writer => writer.Dispose());
        }

        if (stream.HasEnded)
        {
            return;
        }

        var isBroken = Array.Exists(writers, writer => writer.IsBroken);
        if (context.RequestAborted.IsCancellationRequested || (broken!.End == PumpEnd.ClientGone && !isBroken && !stream.HasFailed))
        {
            ends.ClientGone(context);
        }
        else if (stream.HasFailed)
        {
            exchange.Request.IsIncomplete = true; // The client has read the upstream's own error.
        }
        else
        {
            await ends.BreakOffAsync(context, broken.Attempt!, broken.End == PumpEnd.IdleTimeout ? PumpEnd.IdleTimeout : PumpEnd.Broken, mayTell: true);
        }
    }

    private sealed record Exchange(GatewayRequest Request, CompletionBridge Bridge, BridgeRequest Legacy, BridgeCall[] Calls)
    {
        public HttpContext Context => Request.Context;
    }
}
