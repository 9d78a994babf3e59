using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using OpenAi.Gateway.Testing;

namespace OpenAi.Gateway.Tests.Performance;

/// <summary>The upstream behind what is measured: one answer for all, and streams that go on event by event when they are told to.</summary>
internal sealed class StandInUpstream : IAsyncDisposable
{
    public const string ChatPath = "/v1/chat/completions";

    private static readonly byte[] Answer = Encoding.UTF8.GetBytes(
        """{"id":"cmpl-1","object":"text_completion","created":1795392000,"model":"gpt-4.1-mini","choices":[{"text":" """
        + new string('x', 500)
        + """ ","index":0,"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":109,"total_tokens":118}}""");

    private static readonly byte[] Event = Encoding.UTF8.GetBytes(
        """data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1795392000,"model":"gpt-4.1-mini","choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}],"usage":null}"""
        + "\n\n");

    private static readonly byte[] Next = [0];
    private static readonly byte[] End = [1];

    private readonly Pipe _signals;
    private readonly InMemoryKestrel _server;

    private StandInUpstream(Pipe signals, InMemoryKestrel server)
    {
        _signals = signals;
        _server = server;
    }

    /// <summary>How often something was sent here.</summary>
    public int Sends => _server.Transport.ClientSends;

    public static async Task<StandInUpstream> StartAsync()
    {
        var signals = new Pipe(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
        var server = await InMemoryKestrel.StartAsync(
            builder => PipelineHost.Silence(builder),
            app => app.Run(context => context.Request.Path == ChatPath ? StreamAsync(context, signals.Reader) : AnswerAsync(context)));
        return new StandInUpstream(signals, server);
    }

    /// <summary>Lets a handler connect here.</summary>
    public SocketsHttpHandler Reach(SocketsHttpHandler handler)
    {
        handler.ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(_server.Transport.Connect());
        return handler;
    }

    /// <summary>Lets the stream in flight go on by one event, or end.</summary>
    public async ValueTask GoOnAsync(bool toEnd) => await _signals.Writer.WriteAsync(toEnd ? End : Next);

    public static async Task AnswerAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = Answer.Length;
        context.Response.Headers["x-request-id"] = "req_1";
        await context.Response.BodyWriter.WriteAsync(Answer);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static async Task StreamAsync(HttpContext context, PipeReader signals)
    {
        context.Response.ContentType = "text/event-stream";
        var isEnd = false;
        while (!isEnd)
        {
            await context.Response.BodyWriter.WriteAsync(Event, context.RequestAborted);
            var signal = (await signals.ReadAsync(context.RequestAborted)).Buffer;
            isEnd = signal.FirstSpan[0] == End[0];
            signals.AdvanceTo(signal.End);
        }
    }
}
