using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenAi.Gateway.Tests.Ledger;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.Bridge;

/// <summary>A route for legacy completions in front of an upstream that only knows chats.</summary>
internal static class BridgeHost
{
    public const string Path = "/v1/completions";
    public const string Legacy = "text-davinci-003";
    public const string Chat = "gpt-test";

    /// <summary>Without a script the test answers each call itself.</summary>
    public static Task<RouteHost> StartAsync(
        Func<UpstreamConnection, Task>? script = null,
        Action<OpenAiRouteBuilder>? route = null,
        Action<WebApplicationBuilder>? build = null,
        Action<CompletionBridgeOptions>? bridge = null) => RouteHost.StartAsync(
            app =>
            {
                var mapped = app.MapOpenAiRoute(Path, "openai").BridgeCompletions(options =>
                {
                    options.Map(Legacy, Chat);
                    bridge?.Invoke(options);
                });
                route?.Invoke(mapped);
            },
            build,
            script ?? (_ => Task.CompletedTask));

    /// <summary>The same with every record of usage in a sink.</summary>
    public static Task<RouteHost> StartAsync(LedgerSink sink, Func<UpstreamConnection, Task>? script = null, Action<OpenAiRouteBuilder>? route = null) =>
        StartAsync(script, route, builder => builder.Services.AddSingleton<UsageSink>(sink));

    public static string Body(string more = "", params string[] prompts)
    {
        var texts = prompts.Select(prompt => JsonSerializer.Serialize(prompt)).ToArray();
        return $$"""{"model":"{{Legacy}}","prompt":{{(texts.Length == 1 ? texts[0] : $"[{string.Join(',', texts)}]")}}{{more}}}""";
    }

    public static async Task<RouteAnswer> AskAsync(this RouteHost host, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await host.Client.PostAsync(Path, content).SoonAsync("the answer");
        return await RouteAnswer.ReadAsync(response);
    }

    public static async Task<RawHttp> BeginAsync(this RouteHost host, string body)
    {
        var client = host.Server.Connect();
        await client.SendAsync(Raw(body));
        return client;
    }

    public static string Raw(string body) =>
        $"POST {Path} HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";

    /// <summary>As many calls as there are prompts, in the order of these, all before one of them is answered.</summary>
    public static async Task<UpstreamConnection[]> CallsAsync(this ScriptedUpstream upstream, params string[] prompts)
    {
        var calls = new Dictionary<string, UpstreamConnection>();
        foreach (var _ in prompts)
        {
            var call = await upstream.NextRequestAsync();
            calls.Add(PromptOf(call), call);
        }

        return [.. prompts.Select(prompt => calls[prompt])];
    }

    public static string PromptOf(UpstreamConnection call)
    {
        using var body = JsonDocument.Parse(call.Request.Body);
        return body.RootElement.GetProperty("messages").EnumerateArray().Last().GetProperty("content").GetString()!;
    }

    /// <summary>A chat completion that repeats its prompt, whose length is its usage.</summary>
    public static Task AnswerAsync(UpstreamConnection call) => call.WriteJsonAsync(Completion(PromptOf(call)));

    public static string Completion(params string[] texts)
    {
        var choices = texts.Select((text, index) => $$"""{"index":{{index}},"message":{"role":"assistant","content":"{{text}}"},"logprobs":null,"finish_reason":"stop"}""");
        return $$$"""{"id":"chatcmpl-1","object":"chat.completion","created":7,"model":"{{{Chat}}}-2026","choices":[{{{string.Join(',', choices)}}}],"usage":{{{Usage(texts[0])}}}}""";
    }

    public static string Usage(string text) => $$"""{"prompt_tokens":{{text.Length}},"completion_tokens":2,"total_tokens":{{text.Length + 2}}}""";

    /// <summary>One event with a text.</summary>
    public static string Chunk(string text, string reason = "null") =>
        $$$"""{"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"{{{Chat}}}-2026","choices":[{"index":0,"delta":{"content":"{{{text}}}"},"finish_reason":{{{reason}}}}]}""";

    public static string UsageChunk(string text) =>
        $$"""{"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"{{Chat}}-2026","choices":[],"usage":{{Usage(text)}}}""";

    /// <summary>The legacy event of <see cref="Chunk"/>.</summary>
    public static string LegacyChunk(string text, int index = 0, string reason = "null", string more = "") =>
        $$$"""data: {"id":"cmpl-1","object":"text_completion","created":7,"model":"{{{Legacy}}}","choices":[{"text":"{{{text}}}","index":{{{index}}},"logprobs":null,"finish_reason":{{{reason}}}}]{{{more}}}}""" + "\n\n";

    /// <summary>Streams the prompt back, with its usage when that is asked for.</summary>
    public static async Task StreamAsync(UpstreamConnection call)
    {
        var prompt = PromptOf(call);
        await call.StartSseAsync();
        await call.WriteEventAsync(Chunk(prompt));
        await call.WriteEventAsync(Chunk("", "\"stop\""));
        if (call.Request.Text.Contains("\"include_usage\":true", StringComparison.Ordinal))
        {
            await call.WriteEventAsync(UsageChunk(prompt));
        }

        await call.WriteEventAsync("[DONE]");
        await call.EndChunksAsync();
    }

    /// <summary>JSON or a stream, as asked.</summary>
    public static Task AnswerAsAskedAsync(UpstreamConnection call) =>
        call.Request.Text.Contains("\"stream\":true", StringComparison.Ordinal) ? StreamAsync(call) : AnswerAsync(call);
}
