using Microsoft.AspNetCore.Builder;
using OpenAi.Gateway.Tests.Diagnostics;
using OpenAi.Gateway.Tests.Models;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.LimitConcurrency;

public class LimitConcurrencyScopeTests
{
    [Fact]
    public async Task Keys_have_places_of_their_own_and_groups_share_them()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.MapOpenAiRoute("/a", "openai").UseLimitConcurrency(limit => (limit.Permits, limit.Group, limit.Key) = (1, "g", "http_x_team"));
            app.MapOpenAiRoute("/b", "openai").UseLimitConcurrency(limit => (limit.Permits, limit.Group, limit.Key) = (1, "g", "http_x_team"));
        }, script: _ => Task.CompletedTask);
        var first = host.PostAsync("/a", null, ("X-Team", "one"));
        var firstCall = await host.Upstream.NextRequestAsync();

        (await host.PostAsync("/b", null, ("X-Team", "one"))).Status.ShouldBe(429);
        var second = host.PostAsync("/b", null, ("X-Team", "two"));
        var secondCall = await host.Upstream.NextRequestAsync();

        await firstCall.WriteJsonAsync("{}");
        await secondCall.WriteJsonAsync("{}");
        (await first).Status.ShouldBe(200);
        (await second).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Changed_permits_are_in_force_at_once()
    {
        var settings = new Settings("""{ "Limit": { "Permits": 1 } }""");
        await using var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoute("/v1/{**path}", "openai").UseLimitConcurrency(settings["Limit"]), script: _ => Task.CompletedTask);
        var first = host.AskAsync("{}");
        var firstCall = await host.Upstream.NextRequestAsync();
        (await host.AskAsync("{}")).Status.ShouldBe(429);

        settings.Change("""{ "Limit": { "Permits": 2 } }""");
        var second = host.AskAsync("{}");
        var secondCall = await host.Upstream.NextRequestAsync();

        await firstCall.WriteJsonAsync("{}");
        await secondCall.WriteJsonAsync("{}");
        (await first).Status.ShouldBe(200);
        (await second).Status.ShouldBe(200);
    }
}
