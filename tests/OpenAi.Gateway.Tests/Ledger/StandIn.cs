using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>Answers of an upstream, and the ways in which it fails.</summary>
internal static class StandIn
{
    public const string Usage = """{"prompt_tokens":12,"completion_tokens":34,"prompt_tokens_details":{"cached_tokens":5},"completion_tokens_details":{"reasoning_tokens":6}}""";
    public const string Json = $$$"""{"id":"c","model":"m-1","choices":[{"index":0,"message":{"content":"hello"},"finish_reason":"stop"}],"usage":{{{Usage}}}}""";
    public const string Text = "data: {\"id\":\"c\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hello\"}}],\"usage\":null}\n\n";
    public const string Finish = "data: {\"id\":\"c\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n";
    public const string UsageEvent = $$$"""data: {"id":"c","model":"m-1","choices":[],"usage":{{{Usage}}}}""" + "\n\n";
    public const string Done = "data: [DONE]\n\n";

    public static readonly TokenUsage Told = new(12, 34, 5, 0, 6);

    public static Task WriteJsonAsync(this HttpContext context, string json = Json, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json);
    }

    /// <summary>Sends a piece of an event stream at once.</summary>
    public static Task WriteEventsAsync(this HttpContext context, string events) => context.WriteEventsAsync(Encoding.UTF8.GetBytes(events));

    public static async Task WriteEventsAsync(this HttpContext context, ReadOnlyMemory<byte> events)
    {
        if (!context.Response.HasStarted)
        {
            context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
            context.Response.ContentType = "text/event-stream";
        }

        await context.Response.Body.WriteAsync(events);
        await context.Response.Body.FlushAsync();
    }

    /// <summary>Does nothing until the gateway has gone.</summary>
    public static async Task HangAsync(this HttpContext context)
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = context.RequestAborted.Register(gone.SetResult);
        await gone.Task.SoonAsync("the gateway's leaving");
    }
}
