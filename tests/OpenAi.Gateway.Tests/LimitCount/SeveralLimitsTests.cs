using Microsoft.AspNetCore.Builder;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.LimitCount;

public class SeveralLimitsTests
{
    [Fact]
    public async Task Limits_of_app_group_and_route_add_up_and_the_tightest_is_shown()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.UseLimitCount(limit => LimitHost.Of(limit, 4, 100));
            var group = app.MapGroup("/g").UseLimitCount(limit => LimitHost.Of(limit, 3, 200));
            group.MapOpenAiRoute("/one", "openai").UseLimitCount(limit => LimitHost.Of(limit, 2, 300));
            group.MapOpenAiRoute("/two", "openai");
            app.MapOpenAiRoute("/three", "openai");
        });

        (await host.PostAsync("/g/one")).Quota().ShouldBe(("2", "1", "300"));
        (await host.PostAsync("/g/one")).Quota().ShouldBe(("2", "0", "300"));
        (await host.PostAsync("/g/one")).ShouldBeRefusedBy("2", "300");
        (await host.PostAsync("/g/two")).Quota().ShouldBe(("3", "0", "200"));
        (await host.PostAsync("/g/two")).ShouldBeRefusedBy("3", "200");
        (await host.PostAsync("/three")).Quota().ShouldBe(("4", "0", "100"));
        (await host.PostAsync("/three")).ShouldBeRefusedBy("4", "100");
        host.Calls.ShouldBe(4);
    }

    [Fact]
    public async Task A_refused_request_spends_nothing_of_the_other_limits()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            var group = app.MapGroup("").UseLimitCount(limit => LimitHost.Of(limit, 10));
            group.MapGet("/narrow", () => "in").UseLimitCount(limit => LimitHost.Of(limit, 1));
            group.MapGet("/wide", () => "in");
        });
        await host.GetAsync("/narrow");

        for (var i = 0; i < 20; i++)
        {
            (await host.GetAsync("/narrow")).Status.ShouldBe(429);
        }

        (await host.GetAsync("/wide")).Quota().Remaining.ShouldBe("8");
    }

    [Fact]
    public async Task Parallel_calls_over_two_limits_exceed_neither_and_lose_no_place()
    {
        await using var host = await RouteHost.StartAsync(app => app.MapGet("/", () => "in")
            .UseLimitCount(limit => LimitHost.Of(limit, 100))
            .UseLimitCount(limit => LimitHost.Of(limit, 40)));

        var answers = await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => host.GetAsync("/")));

        answers.Count(answer => answer.Status == 200).ShouldBe(40);
    }

    [Fact]
    public async Task A_group_name_shares_one_counter_between_routes()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.MapGet("/one", () => "in").UseLimitCount(limit => LimitHost.Of(limit, 2).Group = "shared");
            app.MapGet("/two", () => "in").UseLimitCount(limit => LimitHost.Of(limit, 2).Group = "shared");
            app.MapGet("/other", () => "in").UseLimitCount(limit => LimitHost.Of(limit, 2).Group = "other");
            app.MapGet("/own", () => "in").UseLimitCount(limit => LimitHost.Of(limit, 2));
        });

        (await host.GetAsync("/one")).Quota().Remaining.ShouldBe("1");
        (await host.GetAsync("/two")).Quota().Remaining.ShouldBe("0");
        (await host.GetAsync("/one")).Status.ShouldBe(429);
        (await host.GetAsync("/other")).Quota().Remaining.ShouldBe("1");
        (await host.GetAsync("/own")).Quota().Remaining.ShouldBe("1");
    }

    [Fact]
    public async Task A_limit_that_hides_its_headers_leaves_them_to_the_others()
    {
        await using var host = await RouteHost.StartAsync(app => app.MapGet("/", () => "in")
            .UseLimitCount(limit => LimitHost.Of(limit, 5))
            .UseLimitCount(limit => LimitHost.Of(limit, 1).ShowLimitQuotaHeader = false));

        (await host.GetAsync("/")).Quota().ShouldBe(("5", "4", "60"));
        (await host.GetAsync("/")).ShouldSatisfyAllConditions(
            refused => refused.Status.ShouldBe(429),
            refused => refused.Quota().Limit.ShouldBeNull());
    }
}
