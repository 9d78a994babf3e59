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

    public async Task InvokeAsync(HttpContext context, Upstream upstream, CompletionBridge bridge, RequestBody body)
    {
        if (!body.IsComplete)
        {
            await services.WriteErrorAsync(context, GatewayErrors.BodyTooLarge(upstream.Options.MaxBufferedBody));
            return;
        }

        if (BridgeRequest.Parse(body.Memory, bridge, out var legacy) is { } error)
        {
            await services.WriteErrorAsync(context, error);
            return;
        }

        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var calls = Enumerable.Range(0, legacy!.Prompts).Select(prompt => new BridgeCall(legacy, prompt, bridge, cancellation.Token)).ToArray();
        try
        {
            var failed = await SendAsync(context, upstream, calls, cancellation);
            await AnswerAsync(context, bridge, legacy, calls, failed);
        }
        finally
        {
            if (Array.Exists(calls, call => call.IsUnread))
            {
                // What it took, nobody will know.
                GatewayRequest.Of(context).Usage?.AddFailure(GatewayErrors.UpstreamBroken);
            }

            Array.ForEach(calls, call => call.Dispose());
        }
    }

    // Gives the first call that failed, if one did: the others are of no use then.
    private async Task<BridgeCall?> SendAsync(HttpContext context, Upstream upstream, BridgeCall[] calls, CancellationTokenSource cancellation)
    {
        BridgeCall? failed = null;
        await Task.WhenAll(calls.Select(async call =>
        {
            if (!await call.TrySendAsync(caller, context, upstream) && Interlocked.CompareExchange(ref failed, call, null) is null)
            {
                await cancellation.CancelAsync();
            }
        }));
        return failed;
    }

    private async Task AnswerAsync(HttpContext context, CompletionBridge bridge, BridgeRequest legacy, BridgeCall[] calls, BridgeCall? failed)
    {
        var shown = (failed ?? calls[0]).Attempt!;
        if (await ends.TryEndWithoutAnswerAsync(context, shown))
        {
            return;
        }

        UpstreamResponse.CopyHead(shown.Response!, context.Response, shown.Pair.Key.Credential);
        context.Response.ContentLength = null; // The answer gets another form, and so another length.
        if (bridge.Options.ModelHeader is { } header)
        {
            context.Response.Headers[header] = shown.Model;
        }

        foreach (var transform in metadata.Settings.ResponseTransforms)
        {
            transform(context, shown.Response!);
        }

        if (failed is not null)
        {
            await WriteErrorAsync(context, failed);
        }
        else if (Array.TrueForAll(calls, call => call.Attempt!.IsEventStream))
        {
            await StreamAsync(context, legacy, calls);
        }
        else
        {
            await WriteAsync(context, legacy, calls);
        }
    }

    private async Task WriteErrorAsync(HttpContext context, BridgeCall call)
    {
        using var body = new BodyWriter(MaxAnswerSize);
        await call.ReadAsync(body, GatewayRequest.Of(context), services.Time, context.RequestAborted);
        if (await EndsWellAsync(context, [call], body.IsTooLarge))
        {
            BridgeError.Write(body.Body.Span, context.Response.BodyWriter);
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        }
    }

    private async Task WriteAsync(HttpContext context, BridgeRequest legacy, BridgeCall[] calls)
    {
        var bodies = Array.ConvertAll(calls, _ => new BodyWriter(MaxAnswerSize / calls.Length));
        try
        {
            await Task.WhenAll(calls.Select((call, i) => call.ReadAsync(bodies[i], GatewayRequest.Of(context), services.Time, context.RequestAborted)));
            var answer = new ArrayBufferWriter<byte>(1024);
            var isLegacy = BridgeAnswer.TryWrite(legacy, Array.ConvertAll(bodies, body => body.Body), services.Time, answer);
            if (await EndsWellAsync(context, calls, !isLegacy || Array.Exists(bodies, body => body.IsTooLarge)))
            {
                context.Response.ContentLength = answer.WrittenCount;
                await context.Response.BodyWriter.WriteAsync(answer.WrittenMemory, context.RequestAborted);
            }
        }
        finally
        {
            Array.ForEach(bodies, body => body.Dispose());
        }
    }

    // Nothing has been sent yet, so that a failure can still be told.
    private async Task<bool> EndsWellAsync(HttpContext context, BridgeCall[] calls, bool isUnusable)
    {
        var broken = Array.Find(calls, call => !call.IsWhole);
        if (broken?.End == PumpEnd.ClientGone && context.RequestAborted.IsCancellationRequested)
        {
            ends.ClientGone(context);
            return false;
        }

        if (broken is null && !isUnusable)
        {
            return true;
        }

        await services.WriteErrorAsync(context, ends.NoteCut(context, (broken ?? calls[0]).Attempt!, broken?.End ?? PumpEnd.Broken));
        return false;
    }

    private async Task StreamAsync(HttpContext context, BridgeRequest legacy, BridgeCall[] calls)
    {
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        using var turn = new SemaphoreSlim(1);
        var stream = new BridgeStream(legacy, services.Time);
        var writers = calls.Select((_, i) => new EventWriter(i, stream, context.Response.BodyWriter, turn)).ToArray();
        services.Metrics.StreamOpened(metadata);
        try
        {
            await Task.WhenAll(calls.Select(async (call, i) =>
            {
                await call.ReadAsync(writers[i], GatewayRequest.Of(context), services.Time, context.RequestAborted);
                await writers[i].FinishAsync(context.RequestAborted);
            }));
        }
        finally
        {
            services.Metrics.StreamClosed(metadata);
            Array.ForEach(writers, writer => writer.Dispose());
        }

        if (!stream.HasEnded)
        {
            if (context.RequestAborted.IsCancellationRequested)
            {
                ends.ClientGone(context);
                return;
            }

            var broken = Array.Find(calls, call => !call.IsWhole) ?? calls[0];
            var end = broken.End == PumpEnd.IdleTimeout ? PumpEnd.IdleTimeout : PumpEnd.Broken;
            await ends.BreakOffAsync(context, broken.Attempt!, end, mayTell: true);
        }
    }
}
