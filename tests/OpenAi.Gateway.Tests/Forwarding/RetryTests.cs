namespace OpenAi.Gateway.Tests.Forwarding;

public sealed class RetryTests
{
    private const string OutOfQuota = """{"error":{"message":"You exceeded your current quota.","type":"insufficient_quota","code":"insufficient_quota"}}""";

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task By_default_each_other_node_is_tried_once()
    {
        await using var broken = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{\"bad\":1}", 500));
        await using var second = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{\"bad\":2}", 503));
        await using var good = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(options => options.To(broken, second, good), time: _time);

        var answer = await gateway.SendAsync(Request.Post());

        (answer.Status, answer.Text).ShouldBe((200, "{}"));
        (broken.Requests.Count, second.Requests.Count, good.Requests.Count).ShouldBe((1, 1, 1));
    }

    [Fact]
    public async Task The_last_nodes_answer_is_passed_on_when_all_fail()
    {
        await using var first = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{\"bad\":1}", 500));
        await using var last = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{\"bad\":2}", 503));
        await using var gateway = await GatewayHost.StartAsync(options => options.To(first, last), time: _time);

        var answer = await gateway.SendAsync(Request.Post());

        (answer.Status, answer.Text).ShouldBe((503, "{\"bad\":2}"));
    }

    [Fact]
    public async Task A_node_that_refuses_the_connection_is_passed_over()
    {
        await using var good = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(options => options.AddNode("http://127.0.0.1:1").To(good));

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Every_attempt_gets_the_same_bytes_and_headers()
    {
        var body = new string('x', 100_000) + "é";
        await using var first = ScriptedUpstream.Start(connection =>
        {
            connection.Reset();
            return Task.CompletedTask;
        });
        await using var second = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", 500));
        await using var third = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(options => options.To(first, second, third));

        await gateway.SendAsync(Request.Post(body, "X-Mine: 1"));

        var requests = new[] { first, second, third }.Select(upstream => upstream.Requests.ShouldHaveSingleItem()).ToArray();
        requests.ShouldAllBe(request => request.Text == body && request.Headers["X-Mine"] == "1" && request.Headers["Authorization"] != null);
    }

    [Fact]
    public async Task One_node_is_tried_again_after_a_growing_pause()
    {
        await using var upstream = FailsTimes(2, connection => connection.WriteJsonAsync("{\"bad\":1}", 503));
        await using var gateway = await StartAsync(upstream, retries: 2);
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());

        await PassAsync(due => due > TimeSpan.FromMilliseconds(180) && due < TimeSpan.FromMilliseconds(320), 1, upstream);
        await PassAsync(due => due > TimeSpan.FromMilliseconds(370) && due < TimeSpan.FromMilliseconds(630), 2, upstream);

        (await client.ReadAnswerAsync()).Text.ShouldBe("{}");
        upstream.Requests.Select(request => request.Text).ShouldBe([Request.Json, Request.Json, Request.Json]);
    }

    [Theory]
    [InlineData(429, "Retry-After", "3", 3_000)]
    [InlineData(503, "Retry-After", "Tue, 01 Jan 2030 00:00:02 GMT", 2_000)]
    [InlineData(500, "retry-after-ms", "1500", 1_500)]
    [InlineData(502, "Retry-After", "0.5", 500)]
    [InlineData(504, "Retry-After", "1", 1_000)]
    public async Task The_pause_is_the_one_that_the_upstream_asks_for(int status, string name, string value, int milliseconds)
    {
        await using var upstream = FailsTimes(1, connection => connection.WriteJsonAsync("{}", status, (name, value)));
        await using var gateway = await StartAsync(upstream, retries: 2);
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());

        await PassAsync(due => due == TimeSpan.FromMilliseconds(milliseconds), 1, upstream);

        (await client.ReadAnswerAsync()).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData(429, "Retry-After", "6")]
    [InlineData(503, "Retry-After", "99999999999")]
    [InlineData(503, "retry-after-ms", "5001")]
    [InlineData(500, "x-should-retry", "false")]
    [InlineData(400, "X-Any", "")]
    [InlineData(404, "X-Any", "")]
    [InlineData(501, "X-Any", "")]
    [InlineData(200, "x-should-retry", "true")]
    [InlineData(302, "Location", "/elsewhere")]
    public async Task An_answer_that_must_not_be_asked_for_again_is_passed_on(int status, string name, string value)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{\"its\":1}", status, (name, value)));
        await using var gateway = await StartAsync(upstream, retries: 2);

        var answer = await gateway.SendAsync(Request.Post());

        (answer.Status, answer.Text, answer.Headers[name]).ShouldBe((status, "{\"its\":1}", value));
        upstream.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Many_retries_at_once_are_as_many()
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", 503, ("retry-after-ms", "0")));
        await using var gateway = await GatewayHost.StartAsync(upstream, options => (options.Retries, options.RetryBudget) = (70, 100), time: _time);

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(503);

        upstream.Requests.Count.ShouldBe(71);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(409)]
    public async Task An_upstream_can_ask_for_a_retry_of_an_error_that_is_none_otherwise(int status)
    {
        await using var upstream = FailsTimes(1, connection => connection.WriteJsonAsync("{}", status, ("x-should-retry", "true"), ("Retry-After", "1")));
        await using var gateway = await StartAsync(upstream, retries: 1);
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());

        await PassAsync(due => due == TimeSpan.FromSeconds(1), 1, upstream);

        (await client.ReadAnswerAsync()).Status.ShouldBe(200);
    }

    [Fact]
    public async Task An_exhausted_quota_is_never_tried_again()
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync(OutOfQuota, 429));
        await using var other = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(options => options.To(upstream, other).Retries = 2, time: _time);

        var answer = await gateway.SendAsync(Request.Post());

        (answer.Status, answer.Text).ShouldBe((429, OutOfQuota));
        other.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("application/json", "{\"half\":")]
    [InlineData("text/event-stream", "data: 1\n\n")]
    public async Task There_is_no_retry_once_bytes_have_gone_to_the_client(string type, string half)
    {
        await using var upstream = ScriptedUpstream.Start(async connection =>
        {
            await connection.WriteHeadAsync(200, ("Content-Type", type), ("Content-Length", "100"));
            await connection.WriteAsync(half);
            connection.Close();
        });
        await using var other = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(options => options.To(upstream, other).Retries = 2);

        var answer = await gateway.SendAsync(Request.Post());

        (answer.Status, answer.Text).ShouldBe((200, half));
        answer.End.ShouldNotBe(RawEnd.Complete);
        other.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_body_that_is_streamed_is_not_sent_again()
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", 500));
        await using var other = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(options => options.To(upstream, other).MaxBufferedBody = 10);

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(500);

        other.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_body_that_is_streamed_goes_to_another_node_while_none_of_it_was_sent()
    {
        await using var good = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(options => options.AddNode("http://127.0.0.1:1").To(good).MaxBufferedBody = 10);

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(200);

        good.Requests.ShouldHaveSingleItem().Text.ShouldBe(Request.Json);
    }

    [Fact]
    public async Task A_route_can_turn_retries_off()
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", 500));
        await using var other = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(options => options.To(upstream, other), route => route.WithRetries(0));

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(500);

        other.Requests.ShouldBeEmpty();
    }

    private static ScriptedUpstream FailsTimes(int times, Func<UpstreamConnection, Task> fail)
    {
        var failed = 0;
        return ScriptedUpstream.Start(connection => Interlocked.Increment(ref failed) <= times ? fail(connection) : connection.WriteJsonAsync("{}"));
    }

    private Task<GatewayHost> StartAsync(ScriptedUpstream upstream, int retries) =>
        GatewayHost.StartAsync(upstream, options => options.Retries = retries, time: _time);

    // Lets the pause pass, and not more; before its end there was no further request.
    private async Task PassAsync(Func<TimeSpan, bool> isPause, int requestsBefore, ScriptedUpstream upstream)
    {
        await _time.WhenDueAsync(isPause);
        var pause = _time.DueTimes.Single(isPause);
        _time.Advance(pause - TimeSpan.FromTicks(1));
        upstream.Requests.Count.ShouldBe(requestsBefore);
        _time.Advance(TimeSpan.FromTicks(1));
    }
}
