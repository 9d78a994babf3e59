using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway.Tests.Forwarding;

/// <summary>When an upstream fails, the next one of its chain is asked, and never for anything that is the request's own fault.</summary>
public sealed class FallbackTests
{
    private readonly ManualTimeProvider _time = new();

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(501)]
    [InlineData(503)]
    [InlineData(529)]
    public async Task An_upstream_that_fails_is_followed_by_the_next(int status)
    {
        await using var first = Answers("{\"bad\":1}", status, ("x-should-retry", "false"));
        await using var second = Answers("{\"second\":1}");
        await using var gateway = await StartAsync(first, second);

        var answer = await gateway.SendAsync(Request.Post());

        (answer.Status, answer.Text).ShouldBe((200, "{\"second\":1}"));
        (first.Requests.Count, second.Requests.Count).ShouldBe((1, 1));
        gateway.Logs.Entries.Count(entry => entry.EventId.Id == 1206).ShouldBe(1);
    }

    [Theory]
    [InlineData(302)]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(409)]
    [InlineData(422)]
    public async Task An_answer_that_is_no_failure_of_the_upstream_goes_to_the_client(int status)
    {
        await using var first = Answers("{\"its\":1}", status);
        await using var second = Answers("{}");
        await using var gateway = await StartAsync(first, second);

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(status);

        second.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_upstream_that_cannot_be_reached_is_followed_by_the_next()
    {
        await using var second = Answers("{}");
        await using var gateway = await GatewayHost.StartOnSocketAsync(
            options => options.AddNode("http://127.0.0.1:1").FallbackTo("second"),
            build: builder => builder.Services.AddOpenAiUpstream("second", options => options.To(second)));

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(200);
    }

    [Fact]
    public async Task An_upstream_that_does_not_begin_its_answer_is_followed_by_the_next()
    {
        await using var first = ScriptedUpstream.Start(connection => connection.HangAsync());
        await using var second = Answers("{}");
        await using var gateway = await StartAsync(first, second, options => options.FirstByteTimeout = TimeSpan.FromSeconds(7));
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());
        await first.NextRequestAsync();

        await _time.WhenDueAsync(due => due == TimeSpan.FromSeconds(7));
        _time.Advance(TimeSpan.FromSeconds(7));

        (await client.ReadAnswerAsync()).Status.ShouldBe(200);
    }

    [Fact]
    public async Task The_other_nodes_go_before_the_next_upstream_and_the_last_answer_is_passed_on()
    {
        var order = new List<string>();
        ScriptedUpstream Fails(string name) => ScriptedUpstream.Start(connection =>
        {
            order.Add(name);
            return connection.WriteJsonAsync($"\"{name}\"", 503);
        });
        await using var one = Fails("one");
        await using var other = Fails("other");
        await using var second = Fails("second");
        await using var third = Fails("third");
        await using var gateway = await FallbackHost.StartAsync(
            one, [("second", second), ("third", third)], options => options.To(other), time: _time);

        (await gateway.SendAsync(Request.Post())).Text.ShouldBe("\"third\"");

        order.ShouldBe(["one", "other", "second", "third"]);
    }

    [Fact]
    public async Task A_route_without_retries_asks_each_upstream_once()
    {
        await using var one = Answers("{}", 500);
        await using var other = Answers("{}", 500);
        await using var second = Answers("{}");
        await using var gateway = await FallbackHost.StartAsync(
            one, [("second", second)], options => options.To(other), route: route => route.WithRetries(0), time: _time);

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(200);

        (one.Requests.Count + other.Requests.Count, second.Requests.Count).ShouldBe((1, 1));
    }

    [Fact]
    public async Task The_fallbacks_of_a_fallback_are_not_followed()
    {
        await using var first = Answers("{}", 500);
        await using var second = Answers("{}", 500);
        await using var third = Answers("{}");
        await using var gateway = await GatewayHost.StartOnSocketAsync(
            options => options.To(first).FallbackTo("second"),
            time: _time,
            build: builder => builder.Services
                .AddOpenAiUpstream("second", options => options.To(second).FallbackTo("third"))
                .AddOpenAiUpstream("third", options => options.To(third)));

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(500);

        third.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_upstream_that_cools_down_is_passed_over_until_its_rest_ends()
    {
        await using var first = Answers("{}", 503, ("Retry-After", "20"));
        await using var second = Answers("{}");
        await using var gateway = await StartAsync(first, second);

        foreach (var _ in new[] { 1, 2, 3 })
        {
            (await gateway.SendAsync(Request.Post())).Status.ShouldBe(200);
        }

        (first.Requests.Count, second.Requests.Count).ShouldBe((1, 3));
        _time.Advance(TimeSpan.FromSeconds(20));
        await gateway.SendAsync(Request.Post());
        first.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task When_all_of_them_cool_down_the_first_is_asked()
    {
        await using var first = Answers("{\"first\":1}", 503, ("Retry-After", "100"));
        await using var second = Answers("{\"second\":1}", 503, ("Retry-After", "50"));
        await using var gateway = await StartAsync(first, second);
        await gateway.SendAsync(Request.Post());

        (await gateway.SendAsync(Request.Post())).Text.ShouldBe("{\"first\":1}", "the second asked for 50 seconds");

        (first.Requests.Count, second.Requests.Count).ShouldBe((2, 1));
    }

    [Fact]
    public async Task A_spent_quota_moves_on_and_rests_for_its_own_time()
    {
        await using var first = Answers("""{"error":{"code":"insufficient_quota"}}""", 429);
        await using var second = Answers("{}");
        await using var gateway = await StartAsync(first, second, options => options.Retries = 5);
        await gateway.SendAsync(Request.Post());

        _time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        await gateway.SendAsync(Request.Post());
        (first.Requests.Count, second.Requests.Count).ShouldBe((1, 2));

        _time.Advance(TimeSpan.FromTicks(1));
        await gateway.SendAsync(Request.Post());
        first.Requests.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("application/json", "{\"half\":")]
    [InlineData("text/event-stream", "data: 1\n\n")]
    public async Task There_is_no_fallback_once_bytes_have_gone_to_the_client(string type, string half)
    {
        await using var first = ScriptedUpstream.Start(async connection =>
        {
            await connection.WriteHeadAsync(200, ("Content-Type", type), ("Content-Length", "100"));
            await connection.WriteAsync(half);
            connection.Close();
        });
        await using var second = Answers("{}");
        await using var gateway = await StartAsync(first, second);

        (await gateway.SendAsync(Request.Post())).End.ShouldNotBe(RawEnd.Complete);

        second.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_body_that_was_streamed_is_not_sent_to_the_next()
    {
        await using var first = Answers("{}", 500);
        await using var second = Answers("{}");
        await using var gateway = await StartAsync(first, second, options => options.MaxBufferedBody = 10);

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(500);

        second.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Each_upstream_gets_its_own_key_and_never_anothers()
    {
        await using var first = Answers("{}", 500);
        await using var second = Answers("{}");
        await using var gateway = await FallbackHost.StartAsync(
            first,
            [("second", second)],
            options => options.ApiKeyHeader = "X-Key",
            options => options.ApiKeyHeader = "api-key",
            route => route.SetHeader("Authorization", "sk-of-the-route").SetHeader("x-key", "sk-other").SetHeader("X-Team", "red"),
            time: _time);

        await gateway.SendAsync(Request.Post());

        var headers = first.Requests.ShouldHaveSingleItem().Headers;
        (headers["Authorization"], headers["X-Key"]).ShouldBe(("Bearer sk-of-the-route", "sk-other"));
        headers = second.Requests.ShouldHaveSingleItem().Headers;
        (headers["api-key"], headers["Authorization"], headers["X-Key"], headers["X-Team"]).ShouldBe((FallbackHost.OtherKey, null, null, "red"));
    }

    [Fact]
    public async Task One_deadline_bounds_all_upstreams()
    {
        await using var first = ScriptedUpstream.Start(connection => connection.HangAsync());
        await using var second = ScriptedUpstream.Start(connection => connection.HangAsync());
        await using var third = ScriptedUpstream.Start(connection => connection.HangAsync());
        await using var gateway = await FallbackHost.StartAsync(
            first,
            [("second", second), ("third", third)],
            options => (options.Timeout, options.FirstByteTimeout) = (TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(4.5)),
            options => (options.Timeout, options.FirstByteTimeout) = (TimeSpan.FromHours(1), TimeSpan.FromSeconds(4)),
            time: _time);
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());
        var began = _time.GetUtcNow();

        foreach (var (upstream, seconds) in new[] { (first, 4.5), (second, 4), (third, 1.5) })
        {
            await upstream.NextRequestAsync();
            await _time.WhenDueAsync(due => due == TimeSpan.FromSeconds(seconds));
            _time.Advance(TimeSpan.FromSeconds(seconds));
        }

        (await client.ReadAnswerAsync()).ShouldBeError(504, "upstream_timeout");
        (_time.GetUtcNow() - began).ShouldBe(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task The_silence_that_is_allowed_is_that_of_the_upstream_that_answers()
    {
        await using var first = Answers("{}", 500);
        await using var second = ScriptedUpstream.Start(async connection =>
        {
            await connection.StartSseAsync();
            await connection.WriteEventAsync("1");
            await connection.HangAsync();
        });
        await using var gateway = await FallbackHost.StartAsync(
            first,
            [("second", second)],
            options => options.IdleTimeout = TimeSpan.FromSeconds(33),
            options => options.IdleTimeout = TimeSpan.FromSeconds(44),
            time: _time);
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());
        await client.ReadUntilAsync("data: 1\n\n");

        await _time.WhenDueAsync(due => due == TimeSpan.FromSeconds(44));

        _time.DueTimes.ShouldNotContain(TimeSpan.FromSeconds(33));
    }

    [Fact]
    public async Task The_keys_of_all_upstreams_stay_secret()
    {
        await using var first = Answers("{}", 500, ("X-Echo", GatewayHost.Key));
        await using var second = Answers("{}", 200, ("X-Echo", FallbackHost.OtherKey));
        await using var gateway = await StartAsync(first, second);

        var answer = await gateway.SendAsync(Request.Post());

        answer.RawText.ShouldNotContain(FallbackHost.OtherKey);
        gateway.Logs.Mentioning(FallbackHost.OtherKey).ShouldBeEmpty();
        gateway.Logs.Mentioning(GatewayHost.Key).ShouldBeEmpty();
    }

    private static ScriptedUpstream Answers(string json, int status = 200, params (string Name, string Value)[] headers) =>
        ScriptedUpstream.Start(connection => connection.WriteJsonAsync(json, status, headers));

    private Task<GatewayHost> StartAsync(ScriptedUpstream first, ScriptedUpstream second, Action<OpenAiUpstreamOptions>? configure = null) =>
        FallbackHost.StartAsync(first, [("second", second)], configure, time: _time);
}
