using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Growth;

/// <summary>The upstream: one short answer for all, and streams that stay open behind their first event until they are let go.</summary>
internal sealed class StandIn : IAsyncDisposable
{
    // Short, as many of them are cached.
    private static readonly byte[] Answer = Encoding.UTF8.GetBytes(
        """{"id":"cmpl-1","object":"text_completion","created":1795392000,"model":"gpt-4.1-mini","choices":[{"text":"A phone.","index":0,"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}""");

    private static readonly byte[] Event = Encoding.UTF8.GetBytes(
        """data: {"id":"cmpl-1","object":"text_completion","created":1795392000,"model":"gpt-4.1-mini","choices":[{"text":"A","index":0,"logprobs":null,"finish_reason":null}]}"""
        + "\n\n");

    private readonly WebApplication _app;
    private TaskCompletionSource _streamsEnd = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _calls;

    private StandIn()
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    public string Address => _app.Urls.Single();

    public long Calls => Volatile.Read(ref _calls);

    public static async Task<StandIn> StartAsync()
    {
        var standIn = new StandIn();
        await standIn._app.StartAsync();
        return standIn;
    }

    public void EndStreams() =>
        Interlocked.Exchange(ref _streamsEnd, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        Interlocked.Increment(ref _calls);
        using var reader = new StreamReader(context.Request.Body);
        if ((await reader.ReadToEndAsync(context.RequestAborted)).Contains("\"stream\":true", StringComparison.Ordinal))
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.Body.WriteAsync(Event, context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await _streamsEnd.Task.WaitAsync(context.RequestAborted);
            return;
        }

        context.Response.ContentType = "application/json";
        context.Response.ContentLength = Answer.Length;
        await context.Response.Body.WriteAsync(Answer, context.RequestAborted);
    }
}
