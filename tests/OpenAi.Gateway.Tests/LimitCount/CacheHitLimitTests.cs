using Microsoft.AspNetCore.Builder;
using OpenAi.Gateway.Tests.ProxyCache;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.LimitCount;

public class CacheHitLimitTests
{
    [Fact]
    public async Task By_default_a_hit_counts()
    {
        await using var host = await StartAsync(countsHits: true);

        (await host.PostAsync("/openai")).Quota().Remaining.ShouldBe("1");
        (await host.PostAsync("/openai")).ShouldSatisfyAllConditions(
            hit => hit["X-Cache-Status"].ShouldBe("HIT"),
            hit => hit.Quota().Remaining.ShouldBe("0"));
        (await host.PostAsync("/openai")).Status.ShouldBe(429);
    }

    [Fact]
    public async Task Hits_can_be_free_and_the_header_says_so()
    {
        await using var host = await StartAsync(countsHits: false);

        (await host.PostAsync("/openai")).Quota().Remaining.ShouldBe("1");
        for (var i = 0; i < 10; i++)
        {
            var hit = await host.PostAsync("/openai");
            (hit.Status, hit["X-Cache-Status"], hit.Quota()).ShouldBe((200, "HIT", ("2", "1", "60")));
        }

        (await host.PostAsync("/openai?other=1")).Quota().Remaining.ShouldBe("0");
        host.Calls.ShouldBe(2);
    }

    [Fact]
    public async Task A_spent_limit_lets_free_hits_pass_and_nothing_else()
    {
        await using var host = await StartAsync(countsHits: false);
        await host.PostAsync("/openai");
        await host.PostAsync("/openai?other=1");

        for (var i = 0; i < 3; i++)
        {
            var hit = await host.PostAsync("/openai");
            (hit.Status, hit["X-Cache-Status"], hit.Quota()).ShouldBe((200, "HIT", ("2", "0", "60")));
            (await host.PostAsync($"/openai?third={i}")).ShouldBeRefusedBy("2", "60");
        }

        host.Calls.ShouldBe(2);
    }

    [Fact]
    public async Task What_a_spent_limit_refuses_is_given_back_to_the_other_limits()
    {
        await using var host = await RouteHost.StartAsync(app => app.MapOpenAiRoute("/openai", "openai").UseProxyCache()
            .UseLimitCount(limit => LimitHost.Of(limit, 1).CountCacheHits = false)
            .UseLimitCount(limit => LimitHost.Of(limit, 2)));
        await host.PostAsync("/openai");

        (await host.PostAsync("/openai?other=1")).Status.ShouldBe(429);
        (await host.PostAsync("/openai?other=2")).Status.ShouldBe(429);
        (await host.PostAsync("/openai")).Status.ShouldBe(200);
        (await host.PostAsync("/openai")).Status.ShouldBe(429);
    }

    [Fact]
    public async Task Of_two_limits_only_the_one_that_counts_hits_is_spent_by_them()
    {
        await using var host = await RouteHost.StartAsync(app => app.MapOpenAiRoute("/openai", "openai").UseProxyCache()
            .UseLimitCount(limit => LimitHost.Of(limit, 5).CountCacheHits = false)
            .UseLimitCount(limit => LimitHost.Of(limit, 9)));

        (await host.PostAsync("/openai")).Quota().ShouldBe(("5", "4", "60"));
        for (var remaining = 7; remaining >= 5; remaining--)
        {
            (await host.PostAsync("/openai")).Quota().ShouldBe(("5", "4", "60"));
        }

        (await host.PostAsync("/openai")).Quota().ShouldBe(("5", "4", "60"));
        (await host.PostAsync("/openai")).Quota().ShouldBe(("9", "3", "60"));
    }

    [Fact]
    public async Task A_free_hit_takes_no_place_while_it_is_sent()
    {
        const string Question = """{"model":"m","prompt":"why?","stream":true}""";
        const string Event = """data: {"id":"c","object":"text_completion","choices":[{"index":0,"text":"1","finish_reason":null}]}""" + "\n\n";
        await using var host = await CacheHost.StartAsync(script: null, map: app => CacheHost.MapAsk(app).UseProxyCache()
            .UseLimitCount(limit => LimitHost.Of(limit, 2).CountCacheHits = false));
        var leading = StreamingClient.OpenAsync(host.Client, Question);
        var leaders = await host.Upstream.NextRequestAsync();
        await leaders.StartSseAsync();
        await leaders.WriteChunkAsync(Event);
        using var leader = await leading;
        using var follower = await StreamingClient.OpenAsync(host.Client, Question);
        await follower.ReadUntilAsync(Event);
        follower.Cache.ShouldBe("HIT");

        var other = host.AskAsync("another");
        await (await host.Upstream.NextRequestAsync()).WriteJsonAsync("{}");

        (await other)["X-RateLimit-Remaining"].ShouldBe("0");
        await leaders.EndChunksAsync();
        (await follower.ReadToEndAsync()).ShouldBe(Event);
        (await host.AskAsync("a third")).Status.ShouldBe(429);
    }

    [Fact]
    public async Task Of_two_spent_limits_the_one_that_refuses_for_longer_is_told()
    {
        await using var host = await RouteHost.StartAsync(app => app.MapOpenAiRoute("/openai", "openai").UseProxyCache()
            .UseLimitCount(limit => LimitHost.Of(limit, 1, 10).CountCacheHits = false)
            .UseLimitCount(limit => LimitHost.Of(limit, 1, 100).CountCacheHits = false));
        await host.PostAsync("/openai");

        (await host.PostAsync("/openai?other=1")).ShouldBeRefusedBy("1", "100");
    }

    [Fact]
    public async Task A_refusal_is_never_stored_although_answers_with_its_status_are()
    {
        await using var host = await RouteHost.StartAsync(app => app.MapOpenAiRoute("/openai", "openai")
            .UseProxyCache(cache => cache.HttpStatus = [200, 429])
            .UseLimitCount(limit => LimitHost.Of(limit, 1).CountCacheHits = false));
        await host.PostAsync("/openai");
        (await host.PostAsync("/openai?other=1")).ShouldBeRefusedBy("1", "60");

        host.Time.Advance(TimeSpan.FromMinutes(1));

        (await host.PostAsync("/openai?other=1")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Without_a_cache_nothing_is_free()
    {
        await using var host = await RouteHost.StartAsync(app => app.MapOpenAiRoute("/openai", "openai")
            .UseLimitCount(limit => LimitHost.Of(limit, 1).CountCacheHits = false));

        (await host.PostAsync("/openai")).Status.ShouldBe(200);
        (await host.PostAsync("/openai")).ShouldBeRefusedBy("1", "60");
        host.Calls.ShouldBe(1);
    }

    private static Task<RouteHost> StartAsync(bool countsHits) => RouteHost.StartAsync(app => app.MapOpenAiRoute("/openai", "openai")
        .UseLimitCount(limit => LimitHost.Of(limit, 2).CountCacheHits = countsHits)
        .UseProxyCache());
}
