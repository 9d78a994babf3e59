using Microsoft.AspNetCore.Builder;
using OpenAi.Gateway.Tests.LimitCount;
using OpenAi.Gateway.Tests.ProxyCache;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.Diagnostics;

public class GatewayMetricsTests
{
    [Fact]
    public async Task A_request_is_counted_and_timed_by_route_upstream_and_status()
    {
        await using var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoute("/openai/{model}", "openai"),
            script: connection => connection.WriteJsonAsync("{}", connection.Request.Target.EndsWith("bad") ? 400 : 200));
        using var measured = new Measurements(host.Server.Services);

        await host.PostAsync("/openai/one");
        await host.PostAsync("/openai/two");
        await host.PostAsync("/openai/bad");

        await measured.WhenAsync("request.duration", 3);
        const string Tags = "http.route=/openai/{model}, openai_gateway.upstream=openai, http.response.status_code=";
        measured.Of("requests").Select(one => (one.Unit, one.Value, one.Tags))
            .ShouldBe([("{request}", 1, Tags + 200), ("{request}", 1, Tags + 200), ("{request}", 1, Tags + 400)]);
        measured.Of("request.duration").Select(one => (one.Unit, one.Tags)).ShouldBe([("s", Tags + 200), ("s", Tags + 200), ("s", Tags + 400)]);
        measured.Of("upstream.duration").Select(one => one.Tags).ShouldBe(
            [.. new[] { 200, 200, 400 }.Select(status => $"openai_gateway.upstream=openai, http.response.status_code={status}")]);
    }

    [Fact]
    public async Task Routes_in_groups_are_told_apart_by_their_whole_patterns()
    {
        var settings = new Settings("""{ "Routes": { "a": { "Pattern": "/chat", "Upstream": "openai" } } }""");
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.MapGroup("/eu").MapGroup("/v1").MapOpenAiRoute("/chat", "openai");
            app.MapGroup("/us/{area}").MapOpenAiRoutes(settings["Routes"]);
        });
        using var measured = new Measurements(host.Server.Services);

        await host.PostAsync("/eu/v1/chat");
        await host.PostAsync("/us/west/chat");
        settings.Change("""{ "Routes": { "a": { "Pattern": "/talk", "Upstream": "openai" } } }""");
        await host.PostAsync("/us/west/talk");

        await measured.WhenAsync("requests", 3);
        measured.Of("requests").Select(one => one.Tags.Split(',')[0])
            .ShouldBe(["http.route=/eu/v1/chat", "http.route=/us/{area}/chat", "http.route=/us/{area}/talk"]);
    }

    [Fact]
    public async Task A_request_that_ends_with_an_exception_has_the_status_that_its_client_gets()
    {
        await using var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoute("/openai", "openai").TransformResponse((_, _) => throw new NotSupportedException()),
            script: connection => connection.WriteJsonAsync("{}"));
        using var measured = new Measurements(host.Server.Services);

        (await host.PostAsync("/openai")).Status.ShouldBe(500);

        await measured.WhenAsync("request.duration", 1);
        measured.Of("requests").ShouldHaveSingleItem().Tags.ShouldEndWith("http.response.status_code=500");
    }

    [Fact]
    public async Task So_has_one_whose_client_leaves_while_it_waits()
    {
        await using var host = await CacheHost.StartAsync(script: null);
        using var measured = new Measurements(host.Gateway.Services);
        using var leave = new CancellationTokenSource();
        var leading = host.AskAsync();
        var connection = await host.Upstream.NextRequestAsync();
        var waiting = host.AskAsync(leave.Token);
        await host.WhenDueAsync(TimeSpan.FromSeconds(60));

        await leave.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => waiting);

        await measured.WhenAsync("request.duration", 1);
        measured.Of("requests").ShouldHaveSingleItem().Tags.ShouldEndWith("http.response.status_code=499");
        await connection.WriteJsonAsync("{}");
        await leading;
    }

    [Fact]
    public async Task The_times_are_those_of_the_clock()
    {
        await using var host = await RouteHost.StartAsync(app => app.MapOpenAiRoute("/openai", "openai"), script: _ => Task.CompletedTask);
        using var measured = new Measurements(host.Server.Services);

        var answering = host.PostAsync("/openai");
        var upstream = await host.Upstream.NextRequestAsync();
        host.Time.Advance(TimeSpan.FromSeconds(2));
        await upstream.WriteHeadAsync(200, [("Content-Length", "2")]);
        await upstream.WriteAsync("{}");
        await answering;

        await measured.WhenAsync("request.duration", 1);
        measured.Sum("request.duration").ShouldBe(2);
        measured.Sum("upstream.duration").ShouldBe(2);
    }

    [Fact]
    public async Task Retries_and_failures_are_counted()
    {
        var calls = 0;
        await using var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoute("/openai", "openai").WithRetries(1),
            script: async connection =>
            {
                if (Interlocked.Increment(ref calls) == 1)
                {
                    await connection.WriteJsonAsync("{}", 503, ("Retry-After", "0"));
                    return;
                }

                connection.Reset();
            });
        using var measured = new Measurements(host.Server.Services);

        var answering = host.PostAsync("/openai");
        (await answering.SoonAsync()).Status.ShouldBe(502);

        await measured.WhenAsync("request.duration", 1);
        measured.Of("upstream.retries").ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            one => one.Value.ShouldBe(1),
            one => one.Tags.ShouldBe("openai_gateway.upstream=openai"));
        measured.Of("upstream.duration").Select(one => one.Tags).ShouldBe(
            ["openai_gateway.upstream=openai, http.response.status_code=503", "openai_gateway.upstream=openai, error.type=upstream_broken"]);
    }

    [Fact]
    public async Task A_client_that_leaves_before_the_answer_is_no_failure_of_the_upstream()
    {
        await using var host = await RouteHost.StartAsync(app => app.MapOpenAiRoute("/openai", "openai"), script: _ => Task.CompletedTask);
        using var measured = new Measurements(host.Server.Services);
        await using var client = host.Server.Connect();
        await client.SendAsync("POST /openai HTTP/1.1\r\nHost: gateway\r\nContent-Length: 0\r\n\r\n");
        await host.Upstream.NextRequestAsync();

        client.Reset();

        await measured.WhenAsync("request.duration", 1);
        measured.Of("upstream.duration").ShouldBeEmpty();
    }

    [Fact]
    public async Task Refusals_and_cache_results_are_counted_and_no_consumer_is_named()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.MapOpenAiRoute("/openai", "openai").UseProxyCache().UseLimitCount(limit => LimitHost.Of(limit, 2))
                .UseBasicAuthConsumers(consumers => consumers.Add("canary-name", "canary-user", "canary-password"));
            app.MapGet("/plain", () => "in").UseLimitCount(limit => LimitHost.Of(limit, 1));
        });
        using var measured = new Measurements(host.Server.Services);

        await host.PostAsync("/openai");
        await host.PostAsync("/openai", "canary-user:canary-password");
        await host.PostAsync("/openai", "canary-user:canary-password");
        await host.PostAsync("/openai", "canary-user:canary-password");
        await host.GetAsync("/plain");
        await host.GetAsync("/plain");

        await measured.WhenAsync("request.duration", 4);
        measured.Of("limit.rejections").Select(one => one.Tags).ShouldBe(["http.route=/openai, openai_gateway.limit.kind=requests", "http.route=, openai_gateway.limit.kind=requests"]);
        measured.Of("cache.results").Select(one => one.Tags).ShouldBe(
            ["http.route=/openai, openai_gateway.cache.result=MISS", "http.route=/openai, openai_gateway.cache.result=HIT"]);
        measured.All.ShouldNotContain(one => one.Tags.Contains("canary"));
        measured.All.ShouldNotContain(one => one.Tags.Contains("127.0.0.1"));
    }

    [Theory]
    [InlineData("ends")]
    [InlineData("breaks")]
    [InlineData("is left by its client")]
    public async Task Open_streams_are_back_at_zero_when_a_stream(string end)
    {
        await using var host = await RouteHost.StartAsync(app => app.MapOpenAiRoute("/openai", "openai"), script: _ => Task.CompletedTask);
        using var measured = new Measurements(host.Server.Services);
        var client = host.Server.Connect();
        await client.SendAsync("POST /openai HTTP/1.1\r\nHost: gateway\r\nContent-Length: 0\r\n\r\n");
        var upstream = await host.Upstream.NextRequestAsync();
        await upstream.StartSseAsync();
        await upstream.WriteEventAsync("one");
        await client.ReadUntilAsync("data: one\n\n");
        measured.Sum("streams.open").ShouldBe(1);

        if (end == "ends")
        {
            await upstream.WriteEventAsync("[DONE]");
            await upstream.EndChunksAsync();
        }
        else if (end == "breaks")
        {
            upstream.Reset();
        }
        else
        {
            client.Reset();
        }

        await measured.WhenAsync("streams.open", 2);
        measured.Sum("streams.open").ShouldBe(0);
        measured.Of("streams.open").ShouldAllBe(one => one.Tags == "http.route=/openai");
        await client.DisposeAsync();
    }
}
