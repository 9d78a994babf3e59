using Microsoft.Extensions.DependencyInjection;
using OpenAi.Gateway.Tests.Forwarding;

namespace OpenAi.Gateway.Tests.Upstreams;

/// <summary>Several keys share an upstream's calls; one that is refused, limited or spent rests alone.</summary>
public sealed class KeyPoolTests
{
    private const string OutOfQuota = """{"error":{"code":"insufficient_quota"}}""";

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task The_keys_are_used_in_turn()
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await StartAsync(upstream);

        await SendAsync(gateway, 6);

        Keys(upstream).ShouldBe("123123");
    }

    [Fact]
    public async Task The_order_of_the_nodes_is_that_of_their_weights()
    {
        await using var heavy = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("\"a\""));
        await using var light = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("\"b\""));
        await using var gateway = await GatewayHost.StartAsync(
            options =>
            {
                AddKeys(options);
                options.AddNode(heavy.Address.ToString(), weight: 2).AddNode(light.Address.ToString());
            },
            time: _time);

        var order = "";
        for (var number = 0; number < 6; number++)
        {
            order += (await gateway.SendAsync(Request.Post())).Text;
        }

        order.ShouldBe("\"a\"\"b\"\"a\"\"a\"\"b\"\"a\"");
        (Keys(heavy), Keys(light)).ShouldBe(("1231", "12"));
    }

    [Theory]
    [InlineData(429, "{}", 10)]
    [InlineData(429, OutOfQuota, 300)]
    [InlineData(403, OutOfQuota, 300)]
    [InlineData(402, OutOfQuota, 300)]
    [InlineData(401, "{}", 300)]
    public async Task A_key_that_is_not_taken_rests_and_the_next_one_is_tried_at_once(int status, string json, int seconds)
    {
        await using var upstream = ScriptedUpstream.Start(connection =>
            KeyOf(connection.Request) == '1' ? connection.WriteJsonAsync(json, status) : connection.WriteJsonAsync("{}"));
        await using var gateway = await StartAsync(upstream);

        await SendAsync(gateway, 4);
        Keys(upstream).ShouldBe("12323");

        _time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromTicks(1));
        await SendAsync(gateway, 3);
        Keys(upstream).ShouldBe("12323232");

        _time.Advance(TimeSpan.FromTicks(1));
        await SendAsync(gateway, 3);
        Keys(upstream)[8..].ShouldContain('1');
    }

    [Theory]
    [InlineData(429)]
    [InlineData(401)]
    public async Task A_spent_or_refused_key_is_not_tried_on_another_node_either(int status)
    {
        await using var one = ScriptedUpstream.Start(connection => connection.WriteJsonAsync(OutOfQuota, status));
        await using var other = ScriptedUpstream.Start(connection => connection.WriteJsonAsync(OutOfQuota, status));
        await using var gateway = await GatewayHost.StartAsync(
            options =>
            {
                options.To(one, other).Retries = 100;
                AddKeys(options);
            },
            time: _time);

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(status);

        string.Concat((Keys(one) + Keys(other)).Order()).ShouldBe("123");
    }

    [Fact]
    public async Task A_spent_key_is_not_waited_for_even_when_its_rest_is_short()
    {
        await using var upstream = ScriptedUpstream.Start(connection =>
            connection.WriteJsonAsync(OutOfQuota, 429, ("Retry-After", "1"), ("x-should-retry", "true")));
        await using var gateway = await GatewayHost.StartAsync(upstream, options => options.Retries = 5, time: _time);

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(429);

        upstream.Requests.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("x-ratelimit-reset-requests", "1s", 300)] // of the limits, and not of the quota
    [InlineData("Retry-After", "86400", 3600)]
    public async Task A_spent_key_rests_as_long_as_is_asked_for_it_up_to_an_hour(string header, string value, int seconds)
    {
        await using var upstream = ScriptedUpstream.Start(connection => KeyOf(connection.Request) == '1'
            ? connection.WriteJsonAsync(OutOfQuota, 429, (header, value))
            : connection.WriteJsonAsync("{}"));
        await using var gateway = await StartAsync(upstream);

        await SendAsync(gateway, 1);

        PairsOf(gateway).Select(pair => (int)pair.Key.Cooldown.Left.TotalSeconds).ShouldBe([seconds, 0, 0]);
        PairsOf(gateway).First().Node.CooldownLeft.ShouldBe(TimeSpan.Zero, "it has other keys");
    }

    [Theory]
    [InlineData(400)]
    [InlineData(500)]
    public async Task A_quota_in_the_words_of_another_error_is_none(int status)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync(OutOfQuota, status));
        await using var gateway = await StartAsync(upstream);

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(status);

        PairsOf(gateway).ShouldAllBe(pair => pair.Key.Cooldown.Left == TimeSpan.Zero);
        upstream.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_spent_key_is_not_what_another_call_is_tried_again_with()
    {
        await using var upstream = ScriptedUpstream.Start(connection => KeyOf(connection.Request) == '1'
            ? connection.WriteJsonAsync(OutOfQuota, 429)
            : connection.WriteJsonAsync("{}", 503));
        await using var gateway = await GatewayHost.StartAsync(
            upstream,
            options =>
            {
                options.Retries = 1;
                AddKeys(options);
            },
            time: _time);
        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(503);
        Keys(upstream).ShouldBe("12");

        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());
        await _time.WhenDueAsync(due => due < TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(1));

        (await client.ReadAnswerAsync()).Status.ShouldBe(503);
        Keys(upstream).Count(key => key == '1').ShouldBe(1);
    }

    [Theory]
    [InlineData(500, false)]
    [InlineData(200, true)]
    public async Task A_refused_key_is_not_to_blame_when_the_upstream_fails_with_another_one(int status, bool hasFallback)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", KeyOf(connection.Request) == '1' ? 401 : 500));
        await using var fallback = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await FallbackHost.StartAsync(upstream, hasFallback ? [("other", fallback)] : [], AddKeys, time: _time);

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(status);

        Keys(upstream).ShouldBe("12");
        PairsOf(gateway).ShouldAllBe(pair => pair.Key.Cooldown.Left == TimeSpan.Zero);
    }

    [Fact]
    public async Task A_node_that_fails_is_not_asked_again_with_another_key()
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", 500));
        await using var gateway = await StartAsync(upstream);

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(500);

        upstream.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_node_that_cannot_be_reached_is_not_asked_again_with_another_key()
    {
        await using var gateway = await GatewayHost.StartAsync(
            options =>
            {
                options.AddNode("http://127.0.0.1:1");
                AddKeys(options);
            },
            time: _time);

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(502);

        gateway.Logs.Entries.Count(entry => entry.EventId.Id == 1201).ShouldBe(1);
    }

    [Theory]
    [InlineData(503)]
    [InlineData(500)]
    public async Task A_node_that_fails_rests_with_all_keys(int status)
    {
        await using var bad = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", status));
        await using var good = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(
            options =>
            {
                options.To(bad, good);
                AddKeys(options);
            },
            time: _time);

        await SendAsync(gateway, 6);

        (bad.Requests.Count, good.Requests.Count).ShouldBe((1, 6));
    }

    [Fact]
    public async Task One_key_that_is_refused_is_the_apps_to_see()
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", 401));
        await using var gateway = await GatewayHost.StartAsync(upstream, options => options.Retries = 3, time: _time);

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(401);

        upstream.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_request_that_no_key_may_make_puts_none_to_rest()
    {
        var isRefusing = true;
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", Volatile.Read(ref isRefusing) ? 401 : 200));
        await using var gateway = await StartAsync(upstream);

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(401);
        Keys(upstream).ShouldBe("123");

        Volatile.Write(ref isRefusing, false);
        await SendAsync(gateway, 3);
        string.Concat(Keys(upstream)[3..].Order()).ShouldBe("123");
    }

    [Fact]
    public async Task The_keys_are_never_shown()
    {
        await using var upstream = ScriptedUpstream.Start(connection =>
            connection.WriteJsonAsync(OutOfQuota, 429, ("X-Echo", connection.Request.Headers["Authorization"]!)));
        await using var gateway = await StartAsync(upstream);

        var answer = await gateway.SendAsync(Request.Post());

        answer.RawText.ShouldNotContain("sk-pool");
        gateway.Logs.Mentioning("sk-pool").ShouldBeEmpty();
        gateway.Logs.Entries.Count(entry => entry.EventId.Id == 1103).ShouldBe(3);
    }

    private static void AddKeys(OpenAiUpstreamOptions options)
    {
        options.ApiKey = "sk-pool-1";
        options.ApiKeys.Add("sk-pool-2");
        options.ApiKeys.Add("sk-pool-3");
        options.ApiKeys.Add("sk-pool-2");
    }

    private static IEnumerable<NodeKey> PairsOf(GatewayHost gateway) => gateway.Services.GetRequiredService<UpstreamRegistry>().Get("openai").Pairs;

    private static string Keys(ScriptedUpstream upstream) => string.Concat(upstream.Requests.Select(KeyOf));

    private static char KeyOf(Testing.UpstreamRequest request) => request.Headers["Authorization"]!["Bearer sk-pool-".Length];

    private static async Task SendAsync(GatewayHost gateway, int times)
    {
        for (var number = 0; number < times; number++)
        {
            (await gateway.SendAsync(Request.Post())).Status.ShouldBe(200);
        }
    }

    private Task<GatewayHost> StartAsync(ScriptedUpstream upstream) => GatewayHost.StartAsync(upstream, AddKeys, time: _time);
}
