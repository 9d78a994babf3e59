using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.LimitCount;

public class LimitKeyTests
{
    [Fact]
    public async Task By_default_a_consumer_is_counted_wherever_it_calls_from()
    {
        await using var host = await RouteHost.StartAsync(app => app.MapGet("/", () => "in")
            .UseBasicAuthConsumers(consumers => consumers.Add("a", "a", "a").Add("b", "b", "b"))
            .UseLimitCount(limit => LimitHost.Of(limit, 1)));
        using var elsewhere = host.Server.CreateClient(IPAddress.Parse("203.0.113.9"));

        (await host.GetAsync("/", "a:a")).Status.ShouldBe(200);
        (await host.GetAsync("/", "a:a")).Status.ShouldBe(429);
        (await RouteHost.SendAsync(elsewhere, "GET", "/", "a:a")).Status.ShouldBe(429);
        (await host.GetAsync("/", "b:b")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task By_default_who_is_not_authenticated_is_counted_by_address()
    {
        await using var host = await LimitHost.StartAsync(_ => { });

        (await host.SendFromAsync("203.0.113.1", "/")).Status.ShouldBe(200);
        (await host.SendFromAsync("203.0.113.1", "/")).Status.ShouldBe(429);
        (await host.SendFromAsync("203.0.113.2", "/")).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("X-Forwarded-For")]
    [InlineData("X-Real-IP")]
    [InlineData("Forwarded")]
    public async Task No_header_makes_another_address(string header)
    {
        await using var host = await LimitHost.StartAsync(limit => limit.Key = "remote_addr");
        await host.GetAsync("/");

        for (var i = 0; i < 20; i++)
        {
            (await host.GetAsync("/", null, (header, $"203.0.113.{i}"))).Status.ShouldBe(429);
        }
    }

    [Fact]
    public void A_long_value_takes_no_more_memory_than_a_short_one()
    {
        var keys = new LimitKeys(new LimitKeySetting("http_x_tenant", LimitKeyType.Var, null, null), "limit");
        var (one, other) = (new string('a', 10_000), new string('a', 9_999) + "b");

        KeyOf(new string('a', 256)).Value.ShouldBe(new string('a', 256));
        KeyOf(one).Value.Length.ShouldBeLessThanOrEqualTo(256);
        KeyOf(one).ShouldBe(KeyOf(one));
        KeyOf(one).ShouldNotBe(KeyOf(other));

        LimitKey KeyOf(string tenant) => keys.KeyOf(GatewayRequest.Of(new DefaultHttpContext { Request = { Headers = { ["X-Tenant"] = tenant } } }));
    }

    [Fact]
    public async Task An_ipv4_address_in_ipv6_clothes_is_the_same_address()
    {
        await using var host = await LimitHost.StartAsync(_ => { });

        (await host.SendFromAsync("203.0.113.1", "/")).Status.ShouldBe(200);
        (await host.SendFromAsync("::ffff:203.0.113.1", "/")).Status.ShouldBe(429);
    }

    [Theory]
    [InlineData("http_x_tenant", LimitKeyType.Var)]
    [InlineData("$http_x_tenant", LimitKeyType.Var)]
    [InlineData("$http_x_tenant", LimitKeyType.VarCombination)]
    [InlineData("${http_x_tenant}", LimitKeyType.VarCombination)]
    [InlineData("tenant $http_x_tenant at $remote_addr", LimitKeyType.VarCombination)]
    public async Task A_header_can_be_the_key(string key, LimitKeyType type)
    {
        await using var host = await LimitHost.StartAsync(limit => (limit.Key, limit.KeyType) = (key, type));

        (await host.GetAsync("/", null, ("X-Tenant", "one"))).Status.ShouldBe(200);
        (await host.GetAsync("/", null, ("X-Tenant", "one"))).Status.ShouldBe(429);
        (await host.GetAsync("/", null, ("X-Tenant", "two"))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_query_value_can_be_the_key()
    {
        await using var host = await LimitHost.StartAsync(limit => limit.Key = "arg_tenant");

        (await host.GetAsync("/?tenant=one")).Status.ShouldBe(200);
        (await host.GetAsync("/?tenant=one&more=1")).Status.ShouldBe(429);
        (await host.GetAsync("/?tenant=two")).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("http_x_tenant", LimitKeyType.Var)]
    [InlineData("arg_tenant", LimitKeyType.Var)]
    [InlineData("consumer_name", LimitKeyType.Var)]
    [InlineData("$http_x_tenant-$arg_tenant", LimitKeyType.VarCombination)]
    public async Task Who_sends_no_such_value_is_counted_by_address(string key, LimitKeyType type)
    {
        await using var host = await LimitHost.StartAsync(limit => (limit.Key, limit.KeyType) = (key, type));

        (await host.SendFromAsync("203.0.113.1", "/")).Status.ShouldBe(200);
        (await host.SendFromAsync("203.0.113.1", "/", ("X-Tenant", " "))).Status.ShouldBe(429);
        (await host.SendFromAsync("203.0.113.2", "/")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_value_that_looks_like_an_address_does_not_meet_the_address()
    {
        await using var host = await LimitHost.StartAsync(limit => limit.Key = "http_x_tenant");

        (await host.SendFromAsync("203.0.113.1", "/")).Status.ShouldBe(200);
        (await host.SendFromAsync("203.0.113.9", "/", ("X-Tenant", "203.0.113.1"))).Status.ShouldBe(200);
        (await host.SendFromAsync("203.0.113.1", "/")).Status.ShouldBe(429);
    }

    [Fact]
    public async Task A_consumer_named_like_an_address_does_not_meet_the_address()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.MapGet("/", () => "in").UseBasicAuthConsumers(consumers => consumers.Add("127.0.0.1", "a", "a"))
                .UseLimitCount(limit => LimitHost.Of(limit, 1).Group = "shared");
            app.MapGet("/open", () => "in").UseLimitCount(limit => LimitHost.Of(limit, 1).Group = "shared");
        });

        (await host.GetAsync("/open")).Status.ShouldBe(200);
        (await host.GetAsync("/", "a:a")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_constant_counts_all_requests_together()
    {
        await using var host = await LimitHost.StartAsync(limit => (limit.Key, limit.KeyType) = ("everybody", LimitKeyType.Constant));

        (await host.SendFromAsync("203.0.113.1", "/")).Status.ShouldBe(200);
        (await host.SendFromAsync("203.0.113.2", "/")).Status.ShouldBe(429);
    }

    [Fact]
    public async Task A_function_can_give_the_key_and_without_one_the_address_counts()
    {
        await using var host = await LimitHost.StartAsync(limit => limit.UseKey(context => context.Request.Headers["X-Tenant"].ToString()));

        (await host.GetAsync("/", null, ("X-Tenant", "one"))).Status.ShouldBe(200);
        (await host.GetAsync("/", null, ("X-Tenant", "one"))).Status.ShouldBe(429);
        (await host.GetAsync("/")).Status.ShouldBe(200);
        (await host.GetAsync("/")).Status.ShouldBe(429);
    }
}
