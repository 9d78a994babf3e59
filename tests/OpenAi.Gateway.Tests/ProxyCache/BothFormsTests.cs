using Microsoft.AspNetCore.Builder;

namespace OpenAi.Gateway.Tests.ProxyCache;

/// <summary>One entry serves JSON, a stream, and a stream with its usage.</summary>
public class BothFormsTests
{
    private const string Json = """{"model":"m","messages":[]}""";
    private const string Streamed = """{"model":"m","messages":[],"stream":true}""";
    private const string WithUsage = """{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}}""";
    private const string Chunk = """{"id":"c","object":"chat.completion.chunk","choices":[""";
    private const string Usage = """{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}""";

    private const string ResponseEvents = "event: response.completed\ndata: {\"type\":\"response.completed\"}\n\n";

    private const string StreamWithUsage =
        "data: " + Chunk + """{"index":0,"delta":{"role":"assistant","content":"He"},"finish_reason":null}],"usage":null}""" + "\n\n"
        + "data: " + Chunk + """{"index":0,"delta":{"content":"llo"},"finish_reason":"stop"}],"usage":null}""" + "\n\n"
        + "data: " + Chunk + "],\"usage\":" + Usage + "}\n\ndata: [DONE]\n\n";

    private const string StreamWithout =
        "data: " + Chunk + """{"index":0,"delta":{"role":"assistant","content":"He"},"finish_reason":null}]}""" + "\n\n"
        + "data: " + Chunk + """{"index":0,"delta":{"content":"llo"},"finish_reason":"stop"}]}""" + "\n\ndata: [DONE]\n\n";

    private const string Answer =
        """{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":""" + Usage + "}";

    private const string Replayed =
        "data: {\"object\":\"chat.completion.chunk\",\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hello\"},\"finish_reason\":null}],\"usage\":null}\n\n"
        + "data: {\"object\":\"chat.completion.chunk\",\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n"
        + "data: {\"object\":\"chat.completion.chunk\",\"id\":\"c\",\"choices\":[],\"usage\":" + Usage + "}\n\ndata: [DONE]\n\n";

    private const string ReplayedWithout =
        "data: {\"object\":\"chat.completion.chunk\",\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hello\"},\"finish_reason\":null}]}\n\n"
        + "data: {\"object\":\"chat.completion.chunk\",\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

    [Theory]
    [InlineData(Streamed, StreamWithout)]
    [InlineData(WithUsage, StreamWithUsage)]
    public async Task A_stored_stream_serves_every_form(string first, string firstText)
    {
        await using var host = await StartAsync(connection => BrokenAnswerTests.SendEventsAsync(connection, StreamWithUsage));

        var miss = await host.PostAsync(first);
        (miss.Cache, miss.Text).ShouldBe(("MISS", firstText));

        await ShouldHitAsync(host, Streamed, StreamWithout, "text/event-stream");
        await ShouldHitAsync(host, WithUsage, StreamWithUsage, "text/event-stream");
        await ShouldHitAsync(host, Json, Answer, "application/json");
        host.UpstreamCalls.ShouldBe(1);
    }

    [Fact]
    public async Task A_stored_object_serves_every_form()
    {
        await using var host = await StartAsync(connection => connection.WriteJsonAsync(Answer));

        (await host.PostAsync(Json)).Cache.ShouldBe("MISS");

        await ShouldHitAsync(host, WithUsage, Replayed, "text/event-stream");
        await ShouldHitAsync(host, Streamed, ReplayedWithout, "text/event-stream");
        await ShouldHitAsync(host, Json, Answer, "application/json");
        host.UpstreamCalls.ShouldBe(1);
    }

    [Fact]
    public async Task What_cannot_be_brought_into_the_other_form_is_asked_for_in_it()
    {
        await using var host = await StartAsync(connection => connection.Request.Text.Contains("\"stream\":true")
            ? BrokenAnswerTests.SendEventsAsync(connection, "data: {\"x\":1}\n\ndata: [DONE]\n\n")
            : connection.WriteJsonAsync("{\"x\":1}"));

        (await host.PostAsync(WithUsage)).Cache.ShouldBe("MISS");
        (await host.PostAsync(WithUsage)).Cache.ShouldBe("HIT");
        var json = await host.PostAsync(Json);

        (json.Cache, json.Text, host.UpstreamCalls).ShouldBe(("MISS", "{\"x\":1}", 2));
    }

    [Fact]
    public async Task A_stream_whose_usage_the_gateway_may_not_ask_for_is_an_entry_of_its_own()
    {
        await using var host = await StartAsync(
            connection => BrokenAnswerTests.SendEventsAsync(connection, connection.Request.Text.Contains("include_usage") ? StreamWithUsage : StreamWithout),
            upstream => upstream.AsksForUsage = false);

        (await host.PostAsync(Streamed)).Text.ShouldBe(StreamWithout);
        var withUsage = await host.PostAsync(WithUsage);

        (withUsage.Cache, withUsage.Text).ShouldBe(("MISS", StreamWithUsage));
        await ShouldHitAsync(host, Streamed, StreamWithout, "text/event-stream");
        await ShouldHitAsync(host, WithUsage, StreamWithUsage, "text/event-stream");
        await ShouldHitAsync(host, Json, Answer, "application/json");
    }

    [Fact]
    public async Task The_responses_api_has_one_entry_for_each_form()
    {
        await using var host = await StartResponsesAsync();
        const string asked = """{"model":"m","input":"x"}""";
        const string streamed = """{"model":"m","input":"x","stream":true}""";

        (await host.PostAsync(streamed)).Cache.ShouldBe("MISS");
        (await host.PostAsync(asked)).Cache.ShouldBe("MISS");

        await ShouldHitAsync(host, streamed, ResponseEvents, "text/event-stream");
        await ShouldHitAsync(host, asked, "{\"object\":\"response\"}", "application/json");
        host.UpstreamCalls.ShouldBe(2);
    }

    [Fact]
    public async Task An_answer_of_the_responses_api_in_the_form_that_nobody_asked_for_is_given_as_it_is()
    {
        await using var host = await StartAsync(connection => connection.WriteJsonAsync("{\"object\":\"response\"}"), path: "/v1/responses");
        const string streamed = """{"model":"m","input":"x","stream":true}""";

        (await host.PostAsync(streamed)).Cache.ShouldBe("MISS");

        await ShouldHitAsync(host, streamed, "{\"object\":\"response\"}", "application/json");
    }

    [Fact]
    public async Task But_not_if_the_key_does_not_tell_the_forms_apart()
    {
        await using var host = await StartResponsesAsync(cache => cache.Key = ["$uri"]);

        var stream = await host.PostAsync("""{"model":"m","input":"x","stream":true}""");
        var json = await host.PostAsync("""{"model":"m","input":"x"}""");

        (stream.Cache, stream.Text).ShouldBe(("MISS", ResponseEvents));
        (json.Cache, json.Text).ShouldBe(("MISS", "{\"object\":\"response\"}"));
    }

    [Fact]
    public async Task An_error_has_one_form_whatever_was_asked_for()
    {
        await using var host = await StartAsync(connection => connection.WriteJsonAsync("{\"error\":{}}", 404), cache: cache => cache.HttpStatus = [200, 404]);

        (await host.PostAsync(Streamed)).Cache.ShouldBe("MISS");

        await ShouldHitAsync(host, Streamed, "{\"error\":{}}", "application/json");
        await ShouldHitAsync(host, Json, "{\"error\":{}}", "application/json");
    }

    [Fact]
    public async Task What_is_made_of_a_stored_answer_is_as_old_as_that()
    {
        await using var host = await StartAsync(connection => connection.WriteJsonAsync(Answer));
        await host.PostAsync(Json);

        host.Time.Advance(TimeSpan.FromSeconds(60));

        var hit = await host.PostAsync(WithUsage);
        (hit.Cache, hit.Text, hit["Age"]).ShouldBe(("HIT", Replayed, "60"));
    }

    private static Task<CacheHost> StartResponsesAsync(Action<ProxyCacheOptions>? cache = null) => StartAsync(
        connection => connection.Request.Text.Contains("\"stream\":true")
            ? BrokenAnswerTests.SendEventsAsync(connection, ResponseEvents)
            : connection.WriteJsonAsync("{\"object\":\"response\"}"),
        path: "/v1/responses",
        cache: cache);

    internal static Task<CacheHost> StartAsync(
        Func<UpstreamConnection, Task>? script,
        Action<OpenAiUpstreamOptions>? upstream = null,
        string path = "/v1/chat/completions",
        FakeHybridCache? store = null,
        Action<ProxyCacheOptions>? cache = null) =>
        CacheHost.StartAsync(
            script,
            build: builder => store?.RegisterAsOwn(builder),
            map: app => app.MapOpenAiRoute(CacheHost.Path, "openai").RewritePath(path).UseProxyCache(cache),
            upstream: upstream);

    private static async Task ShouldHitAsync(CacheHost host, string body, string text, string type)
    {
        var hit = await host.PostAsync(body);
        hit.Text.ShouldBe(text);
        (hit.Cache, hit["Content-Type"], hit["Age"]).ShouldBe(("HIT", type, "0"));

        // Without a length only where the gateway still takes something out.
        (hit["Content-Length"] ?? $"{text.Length}").ShouldBe($"{text.Length}");
    }
}
