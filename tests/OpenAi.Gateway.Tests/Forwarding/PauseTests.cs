namespace OpenAi.Gateway.Tests.Forwarding;

/// <summary>An upstream is never asked again earlier than it asks for, in whatever form it does.</summary>
public sealed class PauseTests
{
    private readonly ManualTimeProvider _time = new();

    [Theory]
    [InlineData("x-ratelimit-reset-requests: 1s", 1_000)]
    [InlineData("x-ratelimit-reset-tokens: 12ms", 12)]
    [InlineData("x-ratelimit-reset-requests: 20ms|x-ratelimit-reset-tokens: 2.5s", 2_500)]
    [InlineData("x-ratelimit-reset-requests: 3s|x-ratelimit-reset-tokens: 1s|x-ratelimit-remaining-tokens: 0|x-ratelimit-remaining-requests: 7", 1_000)]
    [InlineData("x-ratelimit-reset-requests: 1s|x-ratelimit-reset-tokens: 3s|x-ratelimit-remaining-requests: 0", 1_000)]
    [InlineData("x-ratelimit-reset-requests: 1s|x-ratelimit-reset-tokens: 3s|x-ratelimit-remaining-requests: 0|x-ratelimit-remaining-tokens: 0", 3_000)]
    [InlineData("x-ratelimit-reset-requests: 4|Retry-After: never", 4_000)]
    [InlineData("Retry-After: 2|x-ratelimit-reset-requests: 4s", 2_000)]
    [InlineData("retry-after-ms: 1234|Retry-After: 1|x-ratelimit-reset-requests: 4s", 1_234)]
    public async Task A_429_says_when_its_limits_are_whole_again(string headers, int milliseconds)
    {
        await using var upstream = FailsOnce(429, headers);
        await using var gateway = await GatewayHost.StartAsync(upstream, options => options.Retries = 1, time: _time);
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());

        var pause = TimeSpan.FromMilliseconds(milliseconds);
        await _time.WhenDueAsync(due => due == pause);
        _time.Advance(pause - TimeSpan.FromTicks(1));
        upstream.Requests.Count.ShouldBe(1);
        _time.Advance(TimeSpan.FromTicks(1));

        (await client.ReadAnswerAsync()).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData(429, "x-ratelimit-reset-requests: 6m0s")]
    [InlineData(429, "x-ratelimit-reset-tokens: 5.001s|x-ratelimit-remaining-tokens: 0")]
    [InlineData(429, "Retry-After: 6")]
    [InlineData(429, "Retry-After: 6|Retry-After: 7")]
    [InlineData(503, "Retry-After: 1, 12")]
    [InlineData(503, "Retry-After: 12, 1")]
    public async Task A_longer_pause_than_allowed_is_not_waited_for(int status, string headers)
    {
        await using var upstream = FailsOnce(status, headers);
        await using var gateway = await GatewayHost.StartAsync(upstream, options => options.Retries = 1, time: _time);

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(status);

        upstream.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Another_error_than_a_429_is_not_one_of_limits()
    {
        await using var upstream = FailsOnce(503, "x-ratelimit-reset-requests: 6m0s");
        await using var gateway = await GatewayHost.StartAsync(upstream, options => options.Retries = 1, time: _time);
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());

        await _time.WhenDueAsync(due => due < TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(1));

        (await client.ReadAnswerAsync()).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("Retry-After: NaN")]
    [InlineData("retry-after-ms: Infinity")]
    [InlineData("Retry-After: -1")]
    [InlineData("x-ratelimit-reset-requests: soon")]
    [InlineData("x-ratelimit-reset-requests: 99999999999999999999h")]
    public async Task Nonsense_does_no_harm(string headers)
    {
        await using var upstream = FailsOnce(429, headers);
        await using var gateway = await GatewayHost.StartAsync(upstream, time: _time);

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(429);
    }

    [Fact]
    public async Task A_node_that_asked_for_a_rest_is_not_asked_earlier_for_another_nodes_failure()
    {
        await using var resting = FailsOnce(503, "Retry-After: 4");
        await using var failing = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", 500));
        await using var gateway = await GatewayHost.StartAsync(options => options.To(resting, failing), time: _time);
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());
        (await client.ReadAnswerAsync()).Status.ShouldBe(500);
        _time.Advance(TimeSpan.FromSeconds(1));

        // Both rest now. The one that will be back first is asked, and the other only when the time that it asked for has passed.
        await client.SendAsync(Request.Post());
        (await client.ReadAnswerAsync()).Status.ShouldBe(200);

        (resting.Requests.Count, failing.Requests.Count).ShouldBe((2, 1));
    }

    [Fact]
    public async Task A_rest_that_grows_during_the_pause_is_kept_to()
    {
        var count = 0;
        await using var upstream = ScriptedUpstream.Start(connection => Interlocked.Increment(ref count) switch
        {
            1 => connection.WriteJsonAsync("{}", 429, ("Retry-After", "1")),
            2 => connection.WriteJsonAsync("{}", 429, ("Retry-After", "3")),
            _ => connection.WriteJsonAsync("{}"),
        });
        await using var gateway = await GatewayHost.StartAsync(upstream, options => options.Retries = 1, time: _time);
        await using var client = await gateway.ConnectAsync();
        await using var other = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());
        await _time.WhenDueAsync(due => due == TimeSpan.FromSeconds(1));
        await other.SendAsync(Request.Post());
        await _time.WhenDueAsync(due => due == TimeSpan.FromSeconds(3));

        _time.Advance(TimeSpan.FromSeconds(1));
        await _time.WhenArmedAsync(2);
        _time.Advance(TimeSpan.FromSeconds(2) - TimeSpan.FromTicks(1));
        upstream.Requests.Count.ShouldBe(2);
        _time.Advance(TimeSpan.FromTicks(1));

        (await client.ReadAnswerAsync()).Status.ShouldBe(200);
        (await other.ReadAnswerAsync()).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_rest_that_grows_too_long_ends_the_call_with_the_answer_that_it_had()
    {
        var count = 0;
        await using var upstream = ScriptedUpstream.Start(connection => Interlocked.Increment(ref count) == 1
            ? connection.WriteJsonAsync("{\"mine\":1}", 429, ("Retry-After", "1"))
            : connection.WriteJsonAsync("{}", 429, ("Retry-After", "60")));
        await using var gateway = await GatewayHost.StartAsync(upstream, options => options.Retries = 1, time: _time);
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());
        await _time.WhenDueAsync(due => due == TimeSpan.FromSeconds(1));
        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(429);

        _time.Advance(TimeSpan.FromSeconds(1));

        var answer = await client.ReadAnswerAsync();
        (answer.Status, answer.Text).ShouldBe((429, "{\"mine\":1}"));
        upstream.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_client_that_leaves_in_the_pause_ends_the_call()
    {
        await using var first = FailsOnce(429, "Retry-After: 3");
        await using var second = FailsOnce(503, "Retry-After: 4");
        await using var gateway = await FallbackHost.StartAsync(
            first, [("second", second)], options => options.Retries = 1, options => options.Retries = 1, time: _time);
        await using (var client = await gateway.ConnectAsync())
        {
            await client.SendAsync(Request.Post());
            await _time.WhenDueAsync(due => due == TimeSpan.FromSeconds(4));
        }

        await gateway.WhenClientGoneAsync();
        _time.Advance(TimeSpan.FromSeconds(10));

        (first.Requests.Count, second.Requests.Count).ShouldBe((1, 1));
    }

    private static ScriptedUpstream FailsOnce(int status, string headers)
    {
        var count = 0;
        (string, string)[] pairs = [.. headers.Split('|').Select(line => line.Split(": ")).Select(words => (words[0], words[1]))];
        return ScriptedUpstream.Start(connection => Interlocked.Increment(ref count) == 1
            ? connection.WriteJsonAsync("{}", status, pairs)
            : connection.WriteJsonAsync("{}"));
    }
}
