using Microsoft.AspNetCore.Builder;
using OpenAi.Gateway.Tests.Diagnostics;
using OpenAi.Gateway.Tests.Models;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.LimitTokens;

public class LimitTokensAnswerTests
{
    [Fact]
    public async Task What_a_request_may_take_is_reserved_and_what_it_took_is_counted()
    {
        await using var host = await TokenHost.StartAsync(limit => limit.InputBytesPerToken = 4);

        var first = await host.AskAsync(TokenHost.Body(100));
        await host.ShouldCountAsync(15);
        var second = await host.AskAsync(TokenHost.Body(900));
        await host.ShouldCountAsync(30);

        // 19 bytes in names, texts and numbers are 5 tokens of four bytes.
        first.TokenQuota().ShouldBe(("1000", "895", "60"));
        second.TokenQuota().ShouldBe(("1000", "80", "60"));
    }

    [Fact]
    public async Task A_request_that_does_not_fit_any_more_is_told_when_to_come_back_in_openais_words()
    {
        await using var host = await TokenHost.StartAsync(_ => { }, connection => connection.WriteJsonAsync(TokenHost.Usage(100, 500)));
        await host.AskAsync(TokenHost.Body(500));
        await host.ShouldCountAsync(600);
        host.Time.Advance(TimeSpan.FromSeconds(20));

        var refused = await host.AskAsync(TokenHost.Body(500));

        refused.Status.ShouldBe(429);
        refused.TokenQuota().ShouldBe(("1000", "400", "40"));
        refused["Retry-After"].ShouldBe("40");
        refused.Text.ShouldBe(
            """{"error_msg":"Too many tokens. Try again later.","error":{"message":"Too many tokens. Try again later.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}""");
        await host.ShouldCountAsync(600);
        host.Time.Advance(TimeSpan.FromSeconds(40));
        (await host.AskAsync(TokenHost.Body(500))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_request_that_may_take_exactly_the_limit_passes_and_one_of_a_token_more_never_does()
    {
        // 19 bytes in names, texts and numbers are as many tokens.
        await using var host = await TokenHost.StartAsync(_ => { });
        using var measured = new Measurements(host.Server.Services);

        (await host.AskAsync(TokenHost.Body(982))).Refusal().ShouldBe((400, "request_too_large_for_limit", "max_tokens"));
        (await host.AskAsync(TokenHost.Body(981))).ShouldSatisfyAllConditions(
            passed => passed.Status.ShouldBe(200),
            passed => passed.TokenQuota().Remaining.ShouldBe("0"));
        measured.Of("limit.rejections").ShouldHaveSingleItem().Tags.ShouldBe("http.route=/v1/{**path}, openai_gateway.limit.kind=tokens");
    }

    [Theory]
    [InlineData("/v1/chat/completions", """{"model":"m","max_tokens":1000}""", "max_tokens")]
    [InlineData("/v1/chat/completions", """{"model":"m"}""", "max_completion_tokens")]
    [InlineData("/v1/chat/completions", """{"model":"m","n":1000000,"max_completion_tokens":9223372036854775807}""", "max_completion_tokens")]
    [InlineData("/v1/completions", """{"model":"m","best_of":50,"prompt":["a","b"]}""", "max_tokens")]
    public async Task A_request_that_no_wait_lets_pass_is_told_so(string path, string body, string field)
    {
        await using var host = await TokenHost.StartAsync(_ => { });

        var refused = await host.AskAsync(body, path);

        refused.Refusal().ShouldBe((400, "request_too_large_for_limit", field));
        refused.Message!.ShouldContain("and the limit is 1000. Ask for fewer, or shorten the input.");
        refused["Retry-After"].ShouldBeNull();
        await host.ShouldCountAsync(0);
    }

    [Fact]
    public async Task An_unknown_maximum_is_estimated_or_capped()
    {
        await using var estimating = await TokenHost.StartAsync(limit => limit.DefaultMaxOutputTokens = 300);
        await using var capping = await TokenHost.StartAsync(limit => (limit.DefaultMaxOutputTokens, limit.WhenMaxUnknown) = (300, WhenMaxUnknown.InjectCap));
        const string Body = """{"model":"m","n":2}""";

        var estimated = await estimating.AskAsync(Body);
        var capped = await capping.AskAsync(Body);

        // 8 bytes of input and two answers of 300.
        estimated.TokenQuota().Remaining.ShouldBe("392");
        estimating.Upstream.Requests.ShouldHaveSingleItem().Text.ShouldBe(Body);
        capped.TokenQuota().Remaining.ShouldBe("392");
        capping.Upstream.Requests.ShouldHaveSingleItem().Text.ShouldBe("""{"max_completion_tokens":300,"model":"m","n":2}""");
    }

    [Theory]
    [InlineData(WhenMaxUnknown.InjectCap, 300, """{"max_tokens":16,"model":"m"}""")]
    [InlineData(WhenMaxUnknown.InjectCap, 10, """{"max_tokens":10,"model":"m"}""")]
    [InlineData(WhenMaxUnknown.Estimate, 300, """{"model":"m"}""")]
    public async Task The_legacy_maximum_is_a_cap_too_as_some_servers_have_none(WhenMaxUnknown when, int cap, string sent)
    {
        await using var host = await TokenHost.StartAsync(limit => (limit.DefaultMaxOutputTokens, limit.WhenMaxUnknown) = (cap, when));

        var answer = await host.AskAsync("""{"model":"m"}""", "/v1/completions");

        host.Upstream.Requests.ShouldHaveSingleItem().Text.ShouldBe(sent);
        answer.TokenQuota().Remaining.ShouldBe($"{1_000 - 6 - Math.Min(cap, 16)}");
    }

    // Some servers read it as no maximum at all.
    [Theory]
    [InlineData("/v1/chat/completions", "max_tokens", 400)]
    [InlineData("/v1/chat/completions", "max_completion_tokens", 400)]
    [InlineData("/v1/responses", "max_output_tokens", 400)]
    [InlineData("/v1/completions", "max_tokens", 200)]
    public async Task No_answer_of_a_chat_has_no_tokens(string path, string field, int status)
    {
        await using var host = await TokenHost.StartAsync(_ => { });

        var answer = await host.AskAsync($$"""{"model":"m","{{field}}":0}""", path);

        answer.Status.ShouldBe(status);
        if (status == 400)
        {
            answer.Refusal().ShouldBe((400, "invalid_value", field));
        }
    }

    [Fact]
    public async Task A_stream_is_asked_for_what_it_took_though_nobody_else_wants_to_know()
    {
        await using var host = await TokenHost.StartAsync(
            limit => (limit.DefaultMaxOutputTokens, limit.WhenMaxUnknown) = (300, WhenMaxUnknown.InjectCap),
            async connection =>
            {
                await connection.StartSseAsync();
                await connection.WriteEventAsync("""{"choices":[{"delta":{"content":"x"}}],"usage":null}""");
                await connection.WriteEventAsync("""{"choices":[],"usage":{"prompt_tokens":40,"completion_tokens":60}}""");
                await connection.WriteEventAsync("[DONE]");
                await connection.EndChunksAsync();
            });

        var answer = await host.AskAsync("""{"model":"m","stream":true}""");

        host.Upstream.Requests.ShouldHaveSingleItem().Text
            .ShouldBe("""{"max_completion_tokens":300,"stream_options":{"include_usage":true},"model":"m","stream":true}""");
        answer.Text.ShouldBe("data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\ndata: [DONE]\n\n");
        await host.ShouldCountAsync(100);
    }

    [Theory]
    [InlineData(CountedTokens.Total, 15)]
    [InlineData(CountedTokens.Input, 10)]
    [InlineData(CountedTokens.Output, 5)]
    public async Task The_counted_tokens_can_be_chosen(CountedTokens counts, long expected)
    {
        await using var host = await TokenHost.StartAsync(limit => limit.Counts = counts);

        await host.AskAsync(TokenHost.Body(100));

        await host.ShouldCountAsync(expected);
    }

    [Fact]
    public async Task Embeddings_have_input_only()
    {
        await using var host = await TokenHost.StartAsync(
            limit => limit.Count = 40, connection => connection.WriteJsonAsync("""{"model":"m","usage":{"prompt_tokens":7,"total_tokens":7}}"""));

        (await host.AskAsync("""{"model":"m","input":"text"}""", "/v1/embeddings")).Status.ShouldBe(200);

        await host.ShouldCountAsync(7);
    }

    // It takes no maximum, and one that the gateway wrote into it would be refused.
    [Theory]
    [InlineData(WhenMaxUnknown.InjectCap)]
    [InlineData(WhenMaxUnknown.Estimate)]
    public async Task A_compaction_is_counted_as_the_responses_are(WhenMaxUnknown when)
    {
        const string Compacted =
            """{"id":"resp_1","object":"response.compaction","output":[{"type":"compaction","encrypted_content":"x"}],"usage":{"input_tokens":70,"output_tokens":30,"total_tokens":100}}""";
        await using var host = await TokenHost.StartAsync(
            limit => (limit.WhenMaxUnknown, limit.DefaultMaxOutputTokens) = (when, 500), connection => connection.WriteJsonAsync(Compacted));

        var answer = await host.AskAsync("""{"model":"m","input":"text"}""", "/v1/responses/compact");

        answer.TokenQuota().Remaining.ShouldBe("485");
        host.Upstream.Requests.ShouldHaveSingleItem().Text.ShouldBe("""{"model":"m","input":"text"}""");
        await host.ShouldCountAsync(100);
    }

    [Fact]
    public async Task A_text_that_looks_like_an_image_is_reserved_for_as_a_text()
    {
        await using var host = await TokenHost.StartAsync(_ => { });
        var text = "data:image/png;base64," + new string('A', 2_000);

        (await host.AskAsync(TokenHost.Body(1, $$$""","messages":[{"role":"user","content":"{{{text}}}"}]"""))).Status.ShouldBe(400);
        (await host.AskAsync(TokenHost.Body(1, $$$""","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"{{{text}}}"}}]}]"""))).Status
            .ShouldBe(200);
    }

    [Fact]
    public async Task Of_several_limits_the_tightest_is_shown_and_a_refused_request_takes_nothing()
    {
        await using var host = await TokenHost.StartAsync(_ => { }, route: route => route
            .UseLimitTokens(limit => TokenHost.Of(limit, 300).Group = "narrow")
            .UseLimitTokens(limit => TokenHost.Of(limit, 5_000).Group = "wide"));

        (await host.AskAsync(TokenHost.Body(200))).TokenQuota().Limit.ShouldBe("300");
        await host.ShouldCountAsync(15);
        (await host.AskAsync(TokenHost.Body(270))).Status.ShouldBe(429);

        await host.ShouldCountAsync(15);
        (await host.CountedAsync("tokens:group:wide:key")).ShouldBe(15);
    }

    [Fact]
    public async Task Routes_with_one_group_share_their_tokens_but_not_with_a_limit_of_another_kind()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.MapOpenAiRoute("/a/chat/completions", "openai").UseLimitTokens(limit => TokenHost.Of(limit, 1_000));
            app.MapOpenAiRoute("/b/chat/completions", "openai").UseLimitTokens(limit => TokenHost.Of(limit, 1_000))
                .UseLimitCount(limit => (limit.Count, limit.TimeWindow, limit.Group, limit.Key, limit.KeyType) =
                    (5, TimeSpan.FromMinutes(1), "g", "everybody", LimitKeyType.Constant));
        }, script: connection => connection.WriteJsonAsync(TokenHost.Usage(600, 0)));

        await host.AskAsync(TokenHost.Body(600), "/a/chat/completions");
        await host.ShouldCountAsync(600);

        (await host.AskAsync(TokenHost.Body(600), "/b/chat/completions")).Status.ShouldBe(429);
        (await host.AskAsync(TokenHost.Body(300), "/b/chat/completions")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Answers_from_the_cache_take_nothing_and_show_nothing()
    {
        await using var host = await TokenHost.StartAsync(_ => { }, route: route => route.UseProxyCache());

        (await host.AskAsync(TokenHost.Body(100))).TokenQuota().Limit.ShouldBe("1000");
        await host.ShouldCountAsync(15);
        var hit = await host.AskAsync(TokenHost.Body(100));

        (hit["X-Cache-Status"], hit.TokenQuota().Limit).ShouldBe(("HIT", null));
        await host.ShouldCountAsync(15);
    }

    [Fact]
    public async Task A_refusal_is_never_stored_whatever_its_code()
    {
        await using var host = await TokenHost.StartAsync(limit => limit.RejectedCode = 200, route: route => route.UseProxyCache());
        const string Large = """,  "x":1""";
        await host.AskAsync(TokenHost.Body(900));
        await host.ShouldCountAsync(15);

        for (var i = 0; i < 2; i++)
        {
            var refused = await host.AskAsync(TokenHost.Body(970, Large));
            (refused.Status, refused["X-Cache-Status"], refused.Message).ShouldBe((200, "MISS", "Too many tokens. Try again later."));
        }
    }

    [Fact]
    public async Task The_headers_can_be_left_out()
    {
        await using var host = await TokenHost.StartAsync(limit => limit.ShowLimitQuotaHeader = false);

        (await host.AskAsync(TokenHost.Body(100))).TokenQuota().ShouldBe((null, null, null));
    }

    [Fact]
    public async Task Consumers_have_their_own_tokens()
    {
        await using var host = await TokenHost.StartAsync(
            limit => (limit.Key, limit.KeyType) = (null, LimitKeyType.Var),
            connection => connection.WriteJsonAsync(TokenHost.Usage(900, 0)),
            route => route.UseBasicAuthConsumers(consumers => consumers.Add("one", "one", "p").Add("two", "two", "p")));

        (await host.AskAsync(TokenHost.Body(900), credentials: "one:p")).Status.ShouldBe(200);
        (await host.AskAsync(TokenHost.Body(900), credentials: "two:p")).Status.ShouldBe(200);
    }
}
