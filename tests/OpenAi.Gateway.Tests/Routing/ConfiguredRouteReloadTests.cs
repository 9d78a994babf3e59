using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using OpenAi.Gateway.Tests.LimitCount;

namespace OpenAi.Gateway.Tests.Routing;

public class ConfiguredRouteReloadTests
{
    private readonly Settings _settings = new(Json(("a", 2)));

    [Fact]
    public async Task Routes_come_change_and_go_with_their_configuration()
    {
        await using var host = await StartAsync();
        (await host.PostAsync("/a")).Status.ShouldBe(200);
        (await host.PostAsync("/b")).Status.ShouldBe(404);

        _settings.Change(Json(("a", 2), ("b", 7)));
        (await host.PostAsync("/b")).Quota().ShouldBe(("7", "6", "60"));
        host.Server.Logs.Entries.ShouldContain(entry => entry.EventId.Id == 1002 && entry.Message.Contains("2 routes"));

        _settings.Change(Json(("b", 7)).Replace("\"/b\"", "\"/c\""));
        (await host.PostAsync("/a")).Status.ShouldBe(404);
        (await host.PostAsync("/b")).Status.ShouldBe(404);
        (await host.PostAsync("/c")).Status.ShouldBe(200);
        host.Server.Logs.Entries.ShouldNotContain(entry => entry.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task A_limit_keeps_its_count_across_changes()
    {
        await using var host = await StartAsync();
        await host.PostAsync("/a");
        await host.PostAsync("/a");

        _settings.Change(Json(("a", 3), ("b", 1)));
        (await host.PostAsync("/a")).Quota().ShouldBe(("3", "0", "60"));
        (await host.PostAsync("/a")).Status.ShouldBe(429);
        _settings.Change(Json(("a", 1)));
        (await host.PostAsync("/a")).Status.ShouldBe(429);
        host.Time.Advance(TimeSpan.FromMinutes(1));
        (await host.PostAsync("/a")).Quota().ShouldBe(("1", "0", "60"));
    }

    [Fact]
    public async Task After_many_changes_each_one_is_still_taken_and_logged_once()
    {
        await using var host = await StartAsync();
        for (var count = 3; count < 23; count++)
        {
            _settings.Change(Json(("a", count)));
        }

        (await host.PostAsync("/a")).Quota().Limit.ShouldBe("22");
        host.Server.Logs.Entries.Count(entry => entry.EventId.Id == 1002).ShouldBe(20);

        _settings.Change(Json(("a", 0)));
        host.Server.Logs.Entries.Count(entry => entry.Level >= LogLevel.Warning).ShouldBe(1);
    }

    [Fact]
    public async Task A_request_in_flight_ends_on_the_route_that_it_began_on()
    {
        var goOn = new TaskCompletionSource();
        await using var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoutes(_settings["Routes"]),
            script: async connection =>
            {
                await connection.StartSseAsync();
                await connection.WriteEventAsync("one");
                await goOn.Task;
                await connection.WriteEventAsync("[DONE]");
                await connection.EndChunksAsync();
            });
        await using var client = host.Server.Connect();
        await client.SendAsync("POST /a HTTP/1.1\r\nHost: gateway\r\nContent-Length: 0\r\n\r\n");
        await client.ReadUntilAsync("data: one\n\n");

        _settings.Change(Json(("b", 1)));
        (await host.PostAsync("/a")).Status.ShouldBe(404);
        goOn.SetResult();

        (await client.ReadUntilAsync("0\r\n\r\n")).ShouldContain("data: [DONE]\n\n");
    }

    [Fact]
    public async Task No_request_is_lost_while_routes_change()
    {
        await using var host = await StartAsync();
        var isDone = false;
        var callers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var calls = 0;
            for (; !Volatile.Read(ref isDone); calls++)
            {
                (await host.PostAsync("/a")).Status.ShouldBeOneOf(200, 429);
            }

            return calls;
        })).ToArray();

        for (var i = 0; i < 50; i++)
        {
            _settings.Change(i % 2 == 0 ? Json(("a", 1_000_000), ("b", 1)) : Json(("a", 1_000_000)));
            await host.PostAsync("/b");
        }

        Volatile.Write(ref isDone, true);
        (await Task.WhenAll(callers).SoonAsync()).ShouldAllBe(calls => calls > 0);
    }

    [Fact]
    public async Task Routes_in_a_group_change_too()
    {
        await using var host = await RouteHost.StartAsync(app =>
            app.MapGroup("/g").UseLimitCount(limit => LimitHost.Of(limit, 1)).MapOpenAiRoutes(_settings["Routes"]));

        _settings.Change(Json(("b", 7)));

        (await host.PostAsync("/g/a")).Status.ShouldBe(404);
        (await host.PostAsync("/g/b")).Quota().ShouldBe(("1", "0", "60"));
        (await host.PostAsync("/g/b")).Status.ShouldBe(429);
    }

    private static string Json(params (string Name, int Count)[] routes)
    {
        var members = routes.Select(route =>
            $$"""
            "{{route.Name}}": { "Pattern": "/{{route.Name}}", "Upstream": "openai", "LimitCount": { "Count": {{route.Count}}, "TimeWindow": "00:01:00" } }
            """);
        return $$"""{ "Routes": { {{string.Join(", ", members)}} } }""";
    }

    private Task<RouteHost> StartAsync() => RouteHost.StartAsync(app => app.MapOpenAiRoutes(_settings["Routes"]));
}
