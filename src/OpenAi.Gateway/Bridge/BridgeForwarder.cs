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

        var calls = Enumerable.Range(0, legacy!.Prompts).Select(prompt => new BridgeCall(ChatBody(legacy, prompt))).ToArray();
        try
        {
            await SendAsync(context, upstream, bridge, legacy, calls);
            await AnswerAsync(context, upstream, bridge, legacy, calls);
        }
        finally
        {
            Array.ForEach(calls, call => call.Dispose());
        }
    }

    private static RequestBody ChatBody(BridgeRequest legacy, int prompt)
    {
        var writer = new PooledWriter(1024);
        legacy.WriteChatBody(prompt, writer);
        return writer.ToBody();
    }

    private async Task SendAsync(HttpContext context, Upstream upstream, CompletionBridge bridge, BridgeRequest legacy, BridgeCall[] calls)
    {
        if (GatewayRequest.Of(context).Usage is { } usage)
        {
            usage.SentModel = legacy.Model;
        }

        await Task.WhenAll(calls.Select(async call =>
            call.Attempt = await caller.SendAsync(context, upstream, new UpstreamCall(bridge.Options.Path, call.Body))));
    }

    private async Task AnswerAsync(HttpContext context, Upstream upstream, CompletionBridge bridge, BridgeRequest legacy, BridgeCall[] calls)
    {
        var shown = Array.Find(calls, call => call.HasFailed) ?? calls[0];
        if (await ends.TryEndWithoutAnswerAsync(context, shown.Attempt!))
        {
            return;
        }

        UpstreamResponse.CopyHead(shown.Attempt!.Response!, context.Response, GatewayRequest.Of(context).Node!.Credential);
        context.Response.ContentLength = null; // The answer gets another form, and so another length.
        if (bridge.Options.ModelHeader is { } header)
        {
            context.Response.Headers[header] = legacy.Model;
        }

        foreach (var transform in metadata.Settings.ResponseTransforms)
        {
            transform(context, shown.Attempt.Response!);
        }

        if (shown.HasFailed)
        {
            await WriteErrorAsync(context, upstream, shown);
        }
        else if (Array.TrueForAll(calls, call => call.Attempt!.IsEventStream))
        {
            await StreamAsync(context, upstream, legacy, calls);
        }
        else
        {
            await WriteAsync(context, upstream, legacy, calls);
        }
    }

    private async Task WriteErrorAsync(HttpContext context, Upstream upstream, BridgeCall call)
    {
        using var body = new BodyWriter(MaxAnswerSize);
        await call.ReadAsync(body, GatewayRequest.Of(context), upstream, services.Time, context.RequestAborted);
        if (await EndsWellAsync(context, upstream, [call], body.IsTooLarge))
        {
            BridgeError.Write(body.Body.Span, context.Response.BodyWriter);
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        }
    }

    private async Task WriteAsync(HttpContext context, Upstream upstream, BridgeRequest legacy, BridgeCall[] calls)
    {
        var bodies = Array.ConvertAll(calls, _ => new BodyWriter(MaxAnswerSize / calls.Length));
        try
        {
            await Task.WhenAll(calls.Select((call, i) => call.ReadAsync(bodies[i], GatewayRequest.Of(context), upstream, services.Time, context.RequestAborted)));
            var answer = new ArrayBufferWriter<byte>(1024);
            var isLegacy = BridgeAnswer.TryWrite(legacy, Array.ConvertAll(bodies, body => body.Body), services.Time, answer);
            if (await EndsWellAsync(context, upstream, calls, !isLegacy || Array.Exists(bodies, body => body.IsTooLarge)))
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
    private async Task<bool> EndsWellAsync(HttpContext context, Upstream upstream, BridgeCall[] calls, bool isUnusable)
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

        await services.WriteErrorAsync(context, ends.NoteCut(context, upstream, broken?.End ?? PumpEnd.Broken));
        return false;
    }

    private async Task StreamAsync(HttpContext context, Upstream upstream, BridgeRequest legacy, BridgeCall[] calls)
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
                await call.ReadAsync(writers[i], GatewayRequest.Of(context), upstream, services.Time, context.RequestAborted);
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
            var broken = Array.Find(calls, call => !call.IsWhole);
            if (context.RequestAborted.IsCancellationRequested)
            {
                ends.ClientGone(context);
                return;
            }

            await ends.BreakOffAsync(context, upstream, broken?.End is { } end and not PumpEnd.Complete and not PumpEnd.ClientGone ? end : PumpEnd.Broken, mayTell: true);
        }
    }
}
