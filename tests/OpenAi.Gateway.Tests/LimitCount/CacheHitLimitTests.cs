using Microsoft.AspNetCore.Builder;
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

    // A hit needs a free place all the same: the limit is asked before the cache.
    [Fact]
    public async Task A_spent_limit_refuses_what_would_be_a_hit()
    {
        await using var host = await StartAsync(countsHits: false);
        await host.PostAsync("/openai");
        await host.PostAsync("/openai?other=1");

        (await host.PostAsync("/openai")).ShouldBeRefusedBy("2", "60");
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

    private static Task<RouteHost> StartAsync(bool countsHits) => RouteHost.StartAsync(app => app.MapOpenAiRoute("/openai", "openai")
        .UseLimitCount(limit => LimitHost.Of(limit, 2).CountCacheHits = countsHits)
        .UseProxyCache());
}
