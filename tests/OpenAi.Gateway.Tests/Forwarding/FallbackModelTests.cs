using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway.Tests.Forwarding;

/// <summary>A fallback may have other names for the models; nothing else of the body changes.</summary>
public sealed class FallbackModelTests
{
    private const string Body = """{ "stream" : false, "model" : "gpt-4.1" , "messages":[{"role":"user","content":"the \"model\" é"}], "x": 1.0 }""";

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task The_model_is_called_as_the_fallback_calls_it()
    {
        await using var first = Fails();
        await using var other = Fails();
        await using var second = Fails();
        await using var third = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await StartAsync(first, other, second, third);

        var answer = await gateway.SendAsync(Request.Of("POST", "/v1/chat/completions", Body));

        answer.Headers["X-Upstream-Model"].ShouldBe("my \"deployment\"");
        new[] { first, other, second }.Select(upstream => upstream.Requests.ShouldHaveSingleItem().Text).ShouldBe([Body, Body, Body]);
        third.Requests.ShouldHaveSingleItem().Text.ShouldBe(Body.Replace("\"gpt-4.1\"", "\"my \\u0022deployment\\u0022\""));
    }

    [Theory]
    [InlineData("""{"model":"gpt-4o","messages":[]}""")]
    [InlineData("""{"messages":[]}""")]
    [InlineData("""no JSON""")]
    public async Task A_model_that_is_not_in_the_map_goes_as_it_is(string body)
    {
        await using var first = Fails();
        await using var other = Fails();
        await using var second = Fails();
        await using var third = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await StartAsync(first, other, second, third);

        var answer = await gateway.SendAsync(Request.Of("POST", "/v1/chat/completions", body));

        third.Requests.ShouldHaveSingleItem().Text.ShouldBe(body);
        answer.Headers["X-Upstream-Model"].ShouldBeNull();
    }

    [Fact]
    public async Task The_upstream_that_was_asked_for_needs_no_header()
    {
        await using var good = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var unused = ScriptedUpstream.Start();
        await using var gateway = await StartAsync(good, good, unused, unused);

        (await gateway.SendAsync(Request.Of("POST", "/v1/chat/completions", Body))).Headers["X-Upstream-Model"].ShouldBeNull();
    }

    [Fact]
    public async Task A_body_that_cannot_be_changed_does_not_go_to_a_fallback_with_other_names()
    {
        await using var second = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartOnSocketAsync(
            options =>
            {
                options.AddNode("http://127.0.0.1:1").FallbackTo("second", fallback => fallback.Models["gpt-4.1"] = "mine");
                options.MaxBufferedBody = 10;
            },
            build: builder => builder.Services.AddOpenAiUpstream("second", options => options.To(second)));

        (await gateway.SendAsync(Request.Of("POST", "/v1/chat/completions", Body))).ShouldBeError(502, "upstream_connect_error");

        second.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_record_of_the_call_names_upstream_and_model_that_answered()
    {
        var sink = new Sink();
        await using var first = Fails();
        await using var second = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{\"model\":\"m\"}"));
        await using var gateway = await FallbackHost.StartAsync(
            first,
            [("second", second)],
            options => options.FallbackTo("second", fallback => fallback.Models["gpt-4.1"] = "mine"),
            options => options.AsksForUsage = false,
            time: _time,
            build: builder => builder.Services.AddSingleton<UsageSink>(sink));

        var body = Body.Replace("false", "true");
        await gateway.SendAsync(Request.Of("POST", "/v1/chat/completions", body));

        var record = await sink.Written.Task.SoonAsync("the record");
        (record.Upstream, record.AskedModel, record.SentModel, record.Attempts).ShouldBe(("second", "gpt-4.1", "mine", 2));
        first.Requests.ShouldHaveSingleItem().Text.ShouldContain("include_usage");
        second.Requests.ShouldHaveSingleItem().Text.ShouldBe(body.Replace("gpt-4.1", "mine"));
    }

    [Fact]
    public async Task A_stream_of_a_fallback_that_is_not_asked_for_its_usage_passes_whole_and_is_not_stored()
    {
        const string Events = """
            data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}],"usage":null}

            data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}

            data: [DONE]


            """;
        await using var first = Fails();
        await using var second = ScriptedUpstream.Start(async connection =>
        {
            await connection.StartSseAsync();
            await connection.WriteChunkAsync(Events);
            await connection.EndChunksAsync();
        });
        await using var gateway = await FallbackHost.StartAsync(
            first,
            [("second", second)],
            configureOthers: options => options.AsksForUsage = false,
            route: route => route.UseProxyCache(),
            time: _time,
            build: builder => builder.Services.AddSingleton<UsageSink>(new Sink()));

        (await gateway.SendAsync(Request.Of("POST", "/v1/chat/completions", """{"model":"m","stream":true}"""))).Text.ShouldBe(Events);

        // It could not tell the next client its usage.
        await gateway.SendAsync(Request.Of("POST", "/v1/chat/completions", """{"model":"m","stream":true,"stream_options":{"include_usage":true}}"""));
        second.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Each_chat_of_a_bridged_request_falls_back_with_its_own_model()
    {
        const string Chat = """
            {"id":"c","object":"chat.completion","created":1,"model":"mine",
            "choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],
            "usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}
            """;
        await using var first = Fails();
        await using var second = ScriptedUpstream.Start(connection => connection.WriteJsonAsync(Chat));
        await using var gateway = await FallbackHost.StartAsync(
            first,
            [("second", second)],
            options => options.FallbackTo("second", fallback => fallback.Models["gpt-4.1"] = "mine").Retries = 0,
            route: route => route.BridgeCompletions(bridge => bridge.Models["old"] = new() { Model = "gpt-4.1" }),
            time: _time);

        var answer = await gateway.SendAsync(Request.Post("""{"model":"old","prompt":["a","b"]}"""));

        answer.Status.ShouldBe(200, answer.RawText);
        answer.Headers["X-Upstream-Model"].ShouldBe("mine");
        second.Requests.Count.ShouldBe(2);
        second.Requests.ShouldAllBe(request => request.Text.StartsWith("{\"model\":\"mine\",\"max_completion_tokens\":16,"));
    }

    [Fact]
    public async Task A_chat_of_a_bridged_request_goes_without_what_a_fallback_refuses()
    {
        const string Chunk = """{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}""";
        await using var first = Fails();
        await using var second = ScriptedUpstream.Start(async connection =>
        {
            await connection.StartSseAsync();
            await connection.WriteEventAsync(Chunk);
            await connection.WriteEventAsync("[DONE]");
            await connection.EndChunksAsync();
        });
        await using var gateway = await FallbackHost.StartAsync(
            first,
            [("second", second)],
            options => options.Retries = 0,
            options => options.AsksForUsage = false,
            route => route.BridgeCompletions(bridge => bridge.Models["old"] = new() { Model = "gpt-4.1" }),
            _time,
            builder => builder.Services.AddSingleton<UsageSink>(new Sink()));

        var answer = await gateway.SendAsync(Request.Post("""{"model":"old","prompt":"a","stream":true,"user":"u"}"""));

        answer.Text.ShouldEndWith("data: [DONE]\n\n");
        first.Requests.ShouldHaveSingleItem().Text.ShouldContain("\"stream_options\":{\"include_usage\":true}");
        second.Requests.ShouldHaveSingleItem().Text.ShouldBe(first.Requests[0].Text.Replace(",\"stream_options\":{\"include_usage\":true}", ""));
    }

    private static ScriptedUpstream Fails() => ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", 503));

    private Task<GatewayHost> StartAsync(ScriptedUpstream first, ScriptedUpstream other, ScriptedUpstream second, ScriptedUpstream third) =>
        FallbackHost.StartAsync(
            first,
            [("second", second), ("third", third)],
            options => options.To(other).FallbackTo("second").FallbackTo("third", fallback => fallback.Models["gpt-4.1"] = "my \"deployment\""),
            time: _time);

    private sealed class Sink : UsageSink
    {
        public TaskCompletionSource<UsageRecord> Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override ValueTask WriteAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken)
        {
            Written.TrySetResult(records[0]);
            return default;
        }
    }
}
