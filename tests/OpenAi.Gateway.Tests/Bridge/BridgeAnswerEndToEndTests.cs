using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenAi.Gateway.Tests.Forwarding;
using OpenAi.Gateway.Tests.LimitTokens;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.Bridge;

/// <summary>Legacy requests without a stream, from the client to the upstream and back.</summary>
public sealed class BridgeAnswerEndToEndTests
{
    [Fact]
    public async Task One_prompt_is_one_chat_and_its_answer_a_text_completion()
    {
        await using var host = await BridgeHost.StartAsync(call => call.WriteJsonAsync(BridgeHost.Completion("Hello"), 200, ("X-Request-Id", "r")));

        var answer = await host.AskAsync(BridgeHost.Body(""","temperature":0,"max_tokens":256""", "Hi"));

        answer.Text.ShouldBe(
            """{"id":"cmpl-1","object":"text_completion","created":7,"model":"text-davinci-003","choices":[{"text":"Hello","index":0,"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}""");
        (answer.Status, answer["X-Upstream-Model"], answer["X-Request-Id"]).ShouldBe((200, "gpt-test", "r"));
        (answer["Content-Type"], answer["Content-Length"]).ShouldBe(("application/json", $"{answer.Text.Length}"));
        var sent = host.Upstream.Requests.ShouldHaveSingleItem();
        sent.Target.ShouldBe("/v1/chat/completions");
        sent.Text.ShouldBe("""{"model":"gpt-test","max_completion_tokens":256,"temperature":0,"messages":[{"role":"user","content":"Hi"}]}""");
    }

    [Fact]
    public async Task Several_prompts_are_asked_at_the_same_time_and_answered_in_their_order()
    {
        await using var host = await BridgeHost.StartAsync();
        var asking = host.AskAsync(BridgeHost.Body(""","n":2""", "a", "bb", "ccc"));

        var calls = await host.Upstream.CallsAsync("a", "bb", "ccc");
        foreach (var call in calls.Reverse())
        {
            await call.WriteJsonAsync(BridgeHost.Completion(BridgeHost.PromptOf(call), "x"));
        }

        var answer = await asking;
        answer.Status.ShouldBe(200);
        string[] texts = ["a", "x", "bb", "x", "ccc", "x"];
        answer.Text.ShouldContain(string.Join(',', texts.Select((text, index) => $$"""{"text":"{{text}}","index":{{index}},"logprobs":null,"finish_reason":"stop"}""")));
        answer.Text.ShouldContain(""""usage":{"prompt_tokens":6,"completion_tokens":6,"total_tokens":12}"""");
        host.Calls.ShouldBe(3);
    }

    [Fact]
    public async Task The_first_failure_is_the_answer_in_legacy_words_and_ends_the_other_calls()
    {
        await using var host = await BridgeHost.StartAsync();
        var asking = host.AskAsync(BridgeHost.Body("", "a", "b", "c"));
        var calls = await host.Upstream.CallsAsync("a", "b", "c");

        await calls[1].WriteJsonAsync("""{"error":{"message":"too long","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}""", 400);

        var answer = await asking;
        (answer.Status, answer.Text).ShouldBe(
            (400, """{"error":{"message":"too long","type":"invalid_request_error","param":"prompt","code":"context_length_exceeded"}}"""));
        answer["X-Upstream-Model"].ShouldBe("gpt-test");
        await calls[0].PeerClosed.SoonAsync();
        await calls[2].PeerClosed.SoonAsync();
    }

    [Fact]
    public async Task An_error_that_comes_in_pieces_is_passed_whole()
    {
        var message = new string('x', 100_000);
        await using var host = await BridgeHost.StartAsync(async call =>
        {
            if (BridgeHost.PromptOf(call) == "a")
            {
                await call.HangAsync();
                return;
            }

            var error = $$$"""{"error":{"message":"{{{message}}}","param":"max_completion_tokens"}}""";
            await call.WriteHeadAsync(400, ("Content-Type", "application/json"), ("Content-Length", $"{error.Length}"));
            foreach (var piece in error.Chunk(10_000))
            {
                await call.WriteAsync(new string(piece));
            }
        });

        var answer = await host.AskAsync(BridgeHost.Body("", "a", "b"));

        (answer.Status, answer.Text).ShouldBe((400, $$$"""{"error":{"message":"{{{message}}}","param":"max_tokens"}}"""));
    }

    [Theory]
    [InlineData("""{"object":"text_completion","choices":[]""")]
    [InlineData("""{"object":"list"}""")]
    [InlineData("""{"choices":[{"index":0}]}""")]
    [InlineData("""{"error":{"message":"in spite of 200"}}""")]
    [InlineData("""{"\ud800":1,"choices":[{"index":0,"message":{"content":"a"}}]}""")]
    [InlineData("<html>")]
    [InlineData("")]
    public async Task What_is_no_chat_completion_is_told(string body)
    {
        await using var host = await BridgeHost.StartAsync(call => call.WriteJsonAsync(body));
        await using var client = await host.BeginAsync(BridgeHost.Body("", "a"));

        (await client.ReadAnswerAsync()).ShouldBeError(502, "upstream_invalid_answer");
    }

    [Fact]
    public async Task A_text_completion_stays_as_it_is()
    {
        const string body = """{"id":"cmpl-1","object":"text_completion","created":1,"model":"m","choices":[{"text":"a","index":0}],"x":{"b": 1}}""";
        await using var host = await BridgeHost.StartAsync(call => call.WriteJsonAsync(body));
        await using var client = await host.BeginAsync(BridgeHost.Body("", "a"));

        var answer = await client.ReadAnswerAsync();

        (answer.Status, answer.Text).ShouldBe((200, body));
    }

    [Fact]
    public async Task A_stream_that_nobody_asked_for_is_refused_at_once()
    {
        await using var host = await BridgeHost.StartAsync();
        await using var client = await host.BeginAsync(BridgeHost.Body("", "a"));
        var call = await host.Upstream.NextRequestAsync();

        await call.StartSseAsync();

        (await client.ReadAnswerAsync()).ShouldBeError(502, "upstream_invalid_answer");
        await call.PeerClosed.SoonAsync();
    }

    [Fact]
    public async Task A_stream_that_was_asked_for_but_is_none_is_refused_at_once()
    {
        await using var host = await BridgeHost.StartAsync();
        await using var client = await host.BeginAsync(BridgeHost.Body(""","stream":true""", "a", "b"));
        var calls = await host.Upstream.CallsAsync("a", "b");

        await calls[0].StartSseAsync();
        await calls[1].WriteHeadAsync(200, ("Content-Type", "application/json"), ("Content-Length", "100"));
        await calls[1].WriteAsync("{");

        (await client.ReadAnswerAsync()).ShouldBeError(502, "upstream_invalid_answer");
        await calls[0].PeerClosed.SoonAsync();
        await calls[1].PeerClosed.SoonAsync();
    }

    [Fact]
    public async Task One_answer_that_breaks_off_is_told_and_ends_the_other_calls()
    {
        await using var host = await BridgeHost.StartAsync();
        await using var client = await host.BeginAsync(BridgeHost.Body("", "a", "b"));
        var calls = await host.Upstream.CallsAsync("a", "b");
        foreach (var call in calls)
        {
            await call.WriteHeadAsync(200, ("Content-Type", "application/json"), ("Content-Length", "1000"));
            await call.WriteAsync("{\"choices\":[");
        }

        calls[0].Reset();

        (await client.ReadAnswerAsync()).ShouldBeError(502, "upstream_broken");
        await calls[1].PeerClosed.SoonAsync();
    }

    [Fact]
    public async Task Each_call_is_tried_again_for_itself()
    {
        var failed = 0;
        await using var host = await BridgeHost.StartAsync(call => BridgeHost.PromptOf(call) == "b" && Interlocked.Increment(ref failed) == 1
            ? call.WriteJsonAsync("{}", 500, ("x-should-retry", "true"), ("retry-after-ms", "0"))
            : BridgeHost.AnswerAsync(call),
            build: builder => builder.Services.PostConfigure<OpenAiUpstreamOptions>("openai", options => options.Retries = 1));

        var answer = await host.AskAsync(BridgeHost.Body("", "a", "b"));

        answer.Status.ShouldBe(200, answer.Text);
        host.Upstream.Requests.Count(request => request.Text.Contains("\"a\"", StringComparison.Ordinal)).ShouldBe(1);
        host.Upstream.Requests.Count(request => request.Text.Contains("\"b\"", StringComparison.Ordinal)).ShouldBe(2);
    }

    [Fact]
    public async Task A_fallback_is_asked_for_its_own_name_of_the_model()
    {
        await using var other = ScriptedUpstream.Start(BridgeHost.AnswerAsync);
        await using var host = await BridgeHost.StartAsync(
            call => call.WriteJsonAsync("{}", 503, ("x-should-retry", "false")),
            build: builder =>
            {
                builder.Services.AddOpenAiUpstream("azure", options => options.AddNode(other.Address.ToString()));
                builder.Services.PostConfigure<OpenAiUpstreamOptions>(
                    "openai", options => options.FallbackTo("azure", fallback => fallback.Models[BridgeHost.Chat] = "my-deployment"));
            });

        var answer = await host.AskAsync(BridgeHost.Body("", "a"));

        (answer.Status, answer["X-Upstream-Model"]).ShouldBe((200, "my-deployment"));
        answer.Text.ShouldContain("\"model\":\"text-davinci-003\"");
        other.Requests.ShouldHaveSingleItem().Text.ShouldBe(
            """{"model":"my-deployment","max_completion_tokens":16,"messages":[{"role":"user","content":"a"}]}""");
    }

    [Fact]
    public async Task The_name_that_the_client_asked_for_is_told_behind_an_alias_too()
    {
        await using var host = await BridgeHost.StartAsync(BridgeHost.AnswerAsync, route => route.UseModels(models => models.Aliases["old"] = BridgeHost.Legacy));

        var answer = await host.AskAsync("""{"model":"old","prompt":"a"}""");

        answer.Text.ShouldContain("\"model\":\"old\"");
        (answer.Status, answer["X-Upstream-Model"]).ShouldBe((200, BridgeHost.Chat));
    }

    [Fact]
    public async Task A_name_that_no_header_can_hold_is_not_told_in_one()
    {
        await using var host = await BridgeHost.StartAsync(BridgeHost.AnswerAsync);

        var answer = await host.AskAsync("""{"model":"modèle\n","prompt":"a"}""");

        (answer.Status, answer["X-Upstream-Model"]).ShouldBe((200, null));
        answer.Text.ShouldContain("""  "model":"modèle\n" """.Trim());
    }

    [Theory]
    [InlineData("""{"model":"\ud800","prompt":"a"}""", false)]
    [InlineData("""{"model":"\ud800","prompt":"a"}""", true)]
    [InlineData("""{"\ud800":1,"model":"m","prompt":[1]}""", false)]
    [InlineData("""{"\ud800":1,"model":"m","prompt":[1]}""", true)]
    [InlineData("""{"model":"m","prompt":[1]}""", false)]
    [InlineData("""{"model":"m"}""", false)]
    [InlineData("{", false)]
    [InlineData("", false)]
    public async Task What_is_no_legacy_request_is_refused_without_a_call(string body, bool isGuarded)
    {
        await using var host = await BridgeHost.StartAsync(route: route =>
        {
            if (isGuarded)
            {
                route.UseModels(models => models.MaxOutputTokens = 100);
            }
        });
        await using var client = await host.BeginAsync(body);

        (await client.ReadAnswerAsync()).Status.ShouldBe(400);
        host.Calls.ShouldBe(0);
    }

    [Fact]
    public async Task A_limit_of_tokens_counts_the_sum()
    {
        await using var host = await BridgeHost.StartAsync(
            BridgeHost.AnswerAsync, route => route.UseLimitTokens(limit => TokenHost.Of(limit, 1_000)));

        (await host.AskAsync(BridgeHost.Body(""","max_tokens":20""", "a", "bb"))).Status.ShouldBe(200);

        await host.ShouldCountAsync(7);
    }

    [Fact]
    public async Task One_stored_answer_serves_both_forms()
    {
        await using var host = await BridgeHost.StartAsync(BridgeHost.AnswerAsAskedAsync, route => route.UseProxyCache());

        var stream = await host.AskAsync(BridgeHost.Body(""","stream":true,"stream_options":{"include_usage":true}""", "a"));
        var json = await host.AskAsync(BridgeHost.Body("", "a"));
        var again = await host.AskAsync(BridgeHost.Body(""","stream":true,"stream_options":{"include_usage":true}""", "a"));

        (stream["X-Cache-Status"], json["X-Cache-Status"], again["X-Cache-Status"]).ShouldBe(("MISS", "HIT", "HIT"));
        (json["Content-Type"], json["X-Upstream-Model"]).ShouldBe(("application/json", BridgeHost.Chat));
        json.Text.ShouldContain(""""text":"a"""");
        json.Text.ShouldContain("\"object\":\"text_completion\"");
        again.Text.ShouldBe(stream.Text);
        host.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task A_stored_answer_is_replayed_as_a_stream()
    {
        await using var host = await BridgeHost.StartAsync(BridgeHost.AnswerAsAskedAsync, route => route.UseProxyCache());

        await host.AskAsync(BridgeHost.Body("", "a", "b"));
        var stream = await host.AskAsync(BridgeHost.Body(""","stream":true,"stream_options":{"include_usage":true}""", "a", "b"));

        (stream.Status, stream["X-Cache-Status"], stream["Content-Type"]).ShouldBe((200, "HIT", "text/event-stream"));
        stream.Text.ShouldEndWith("data: [DONE]\n\n");
        host.Calls.ShouldBe(2);
    }
}
