using Microsoft.Extensions.DependencyInjection;
using OpenAi.Gateway.Tests.Forwarding;

namespace OpenAi.Gateway.Tests.Upstreams;

/// <summary>A node that failed is left alone for a while.</summary>
public sealed class NodeHealthTests
{
    private readonly ManualTimeProvider _time = new();

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(429)]
    public async Task A_node_that_failed_rests_for_the_cooldown(int status)
    {
        await using var bad = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", status));
        await using var good = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await StartAsync(options => options.To(bad, good));

        await SendAsync(gateway, 6);
        (bad.Requests.Count, good.Requests.Count).ShouldBe((1, 6));

        _time.Advance(TimeSpan.FromSeconds(9.9));
        await SendAsync(gateway, 4);
        bad.Requests.Count.ShouldBe(1);

        _time.Advance(TimeSpan.FromSeconds(0.1));
        await SendAsync(gateway, 4);
        bad.Requests.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(404)]
    [InlineData(302)]
    public async Task A_refusal_of_the_request_is_no_fault_of_the_node(int status)
    {
        await using var one = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", status));
        await using var other = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await StartAsync(options => options.To(one, other));

        await SendAsync(gateway, 10);

        (one.Requests.Count, other.Requests.Count).ShouldBe((5, 5));
    }

    [Fact]
    public async Task A_node_that_cannot_be_reached_rests_too()
    {
        await using var good = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await StartAsync(options => options.AddNode("http://127.0.0.1:1").To(good));

        await SendAsync(gateway, 5);

        gateway.Logs.Entries.Count(entry => entry.EventId.Id == 1201).ShouldBe(1);
    }

    [Theory]
    [InlineData(429, "60", 60)]
    [InlineData(429, "3600", 3600)]
    [InlineData(429, "7200", 3600)]
    [InlineData(503, "86400", 3600)]
    public async Task The_rest_is_as_long_as_the_upstream_asks_for_up_to_an_hour(int status, string retryAfter, int seconds)
    {
        await using var bad = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", status, ("Retry-After", retryAfter)));
        await using var good = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await StartAsync(options => options.To(bad, good));
        await SendAsync(gateway, 1);

        _time.Advance(TimeSpan.FromSeconds(seconds - 1));
        await SendAsync(gateway, 4);
        bad.Requests.Count.ShouldBe(1);

        _time.Advance(TimeSpan.FromSeconds(1));
        await SendAsync(gateway, 4);
        bad.Requests.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(404)]
    public async Task An_answer_that_is_no_failure_ends_a_rest_that_nobody_asked_for(int status)
    {
        await using var one = ScriptedUpstream.Start();
        await using var other = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await StartAsync(options => options.To(one, other));
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());
        var held = await one.NextRequestAsync();
        await SendAsync(gateway, 1);
        var failing = SendAsync(gateway, 1);
        await (await one.NextRequestAsync()).WriteJsonAsync("{}", 500);
        await failing;
        var node = gateway.Services.GetRequiredService<UpstreamRegistry>().Get("openai").Pairs.First();
        node.IsCoolingDown.ShouldBeTrue();

        await held.WriteJsonAsync("{}", status);
        (await client.ReadAnswerAsync()).Status.ShouldBe(status);

        node.IsCoolingDown.ShouldBeFalse();
    }

    [Fact]
    public async Task The_last_node_is_never_left_out()
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", 500));
        await using var gateway = await StartAsync(options => options.To(upstream));

        await SendAsync(gateway, 5, expected: 500);

        upstream.Requests.Count.ShouldBe(5);
    }

    [Fact]
    public async Task When_all_nodes_rest_the_one_that_rested_longest_is_asked_first()
    {
        await using var long1 = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", 500, ("Retry-After", "100")));
        await using var short1 = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", 500, ("Retry-After", "50")));
        await using var gateway = await StartAsync(options => options.To(long1, short1).Retries = 1);
        await SendAsync(gateway, 1, expected: 500);
        (long1.Requests.Count, short1.Requests.Count).ShouldBe((1, 1));

        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());
        (await client.ReadAnswerAsync()).Status.ShouldBe(500);

        short1.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_client_that_leaves_does_not_put_the_node_to_rest()
    {
        await using var one = ScriptedUpstream.Start(connection => connection.HangAsync());
        await using var other = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await StartAsync(options => options.To(one, other));
        for (var number = 0; number < 3; number++)
        {
            await using (var client = await gateway.ConnectAsync())
            {
                await client.SendAsync(Request.Post());
                await one.NextRequestAsync();
            }

            await SendAsync(gateway, 1);
        }

        (one.Requests.Count, other.Requests.Count).ShouldBe((3, 3));
    }

    private Task<GatewayHost> StartAsync(Action<OpenAiUpstreamOptions> configure) => GatewayHost.StartAsync(configure, time: _time);

    private static async Task SendAsync(GatewayHost gateway, int times, int? expected = null)
    {
        for (var number = 0; number < times; number++)
        {
            (await gateway.SendAsync(Request.Post())).Status.ShouldBeOneOf(expected is { } one ? [one] : [200, 302, 400, 401, 404]);
        }
    }
}
