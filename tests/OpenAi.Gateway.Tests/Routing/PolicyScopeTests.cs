using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenAi.Gateway.Tests.LimitCount;

namespace OpenAi.Gateway.Tests.Routing;

public class PolicyScopeTests
{
    [Theory]
    [InlineData(false, false, false)]
    [InlineData(false, false, true)]
    [InlineData(false, true, false)]
    [InlineData(false, true, true)]
    [InlineData(true, false, false)]
    [InlineData(true, false, true)]
    [InlineData(true, true, false)]
    [InlineData(true, true, true)]
    public async Task The_nearest_consumers_and_cache_win_and_every_limit_counts(bool onApp, bool onGroup, bool onRoute)
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            if (onApp)
            {
                app.UseBasicAuthConsumers(consumers => consumers.Add("app", "app", "app"));
                app.UseProxyCache(cache => cache.StatusHeader = "X-App");
                app.UseLimitCount(limit => LimitHost.Of(limit, 30));
            }

            var group = app.MapGroup("/g");
            if (onGroup)
            {
                group.UseLimitCount(limit => LimitHost.Of(limit, 20)).UseProxyCache(cache => cache.StatusHeader = "X-Group")
                    .UseBasicAuthConsumers(consumers => consumers.Add("group", "group", "group"));
            }

            var route = group.MapOpenAiRoute("/r", "openai");
            if (onRoute)
            {
                route.UseProxyCache(cache => cache.StatusHeader = "X-Route").UseLimitCount(limit => LimitHost.Of(limit, 10))
                    .UseBasicAuthConsumers(consumers => consumers.Add("route", "route", "route"));
            }
        });
        var nearest = onRoute ? "route" : onGroup ? "group" : onApp ? "app" : null;
        var tightest = onRoute ? "10" : onGroup ? "20" : onApp ? "30" : null;

        foreach (var user in new[] { "app", "group", "route" })
        {
            var answer = await host.PostAsync("/g/r", $"{user}:{user}");
            var isIn = nearest is null || user == nearest;
            answer.Status.ShouldBe(isIn ? 200 : 401, user);
            answer.Quota().Limit.ShouldBe(isIn ? tightest : null);
            foreach (var header in new[] { "X-App", "X-Group", "X-Route" })
            {
                answer[header].ShouldBe(isIn && header.Equals($"X-{nearest}", StringComparison.OrdinalIgnoreCase) ? "MISS" : null);
            }
        }
    }

    [Fact]
    public async Task A_route_that_passes_by_the_policies_of_the_app_fails_rather_than_be_open()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.UseBasicAuthConsumers(consumers => consumers.Add("a", "a", "password1"));
            app.MapOpenAiRoute("/short", "openai").ShortCircuit();
            app.MapOpenAiRoute("/long", "openai");
        });

        (await host.PostAsync("/short")).Status.ShouldBe(500);
        (await host.PostAsync("/long")).Status.ShouldBe(401);
        host.Calls.ShouldBe(0);
        host.Server.Logs.Entries.ShouldContain(entry => entry.Exception is InvalidOperationException && entry.Exception.Message.Contains("ShortCircuit"));
    }

    [Fact]
    public async Task A_route_that_ends_before_the_policies_of_the_app_fails_rather_than_be_open()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.UseRouting();
            app.UseLimitCount(limit => LimitHost.Of(limit, 1));
            app.MapGroup("/g").MapOpenAiRoute("/r", "openai");
            app.MapGet("/ok", () => "ok");
            EndRoutes(app);
            app.UseBasicAuthConsumers(consumers => consumers.Add("a", "a", "password1"));
        });

        (await host.PostAsync("/g/r")).Status.ShouldBe(500);
        (await host.GetAsync("/ok")).Status.ShouldBe(200);
        host.Calls.ShouldBe(0);
        host.Server.Logs.Entries.ShouldContain(entry => entry.Exception is InvalidOperationException && entry.Exception.Message.Contains("UseEndpoints"));
    }

    [Fact]
    public async Task So_does_one_that_is_mapped_behind_them_when_the_routes_have_ended_before()
    {
        await using var host = await RouteHost.StartAsync(
            app =>
            {
                app.UseRouting();
                EndRoutes(app, routes => routes.MapControllers());
                app.UseBasicAuthConsumers(consumers => consumers.Add("a", "a", "password1"));
                app.MapOpenAiRoute("/r", "openai");
            },
            builder => builder.Services.AddControllers());

        (await host.PostAsync("/r")).Status.ShouldBe(500);
        host.Calls.ShouldBe(0);
    }

    [Fact]
    public async Task The_policies_of_the_app_cover_what_ends_behind_them_and_leave_alone_what_a_branch_has_ended_before()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.Map("/before", branch =>
            {
                branch.UseRouting();
                EndRoutes(branch, routes => routes.MapOpenAiRoute("/r", "openai"));
            });
            app.UseBasicAuthConsumers(consumers => consumers.Add("a", "a", "password1"));
            app.Map("/behind", branch =>
            {
                branch.UseRouting();
                EndRoutes(branch, routes => routes.MapOpenAiRoute("/r", "openai"));
            });
        });

        (await host.PostAsync("/before/r")).Status.ShouldBe(200);
        (await host.PostAsync("/behind/r")).Status.ShouldBe(401);
        (await host.PostAsync("/behind/r", "a:password1")).Status.ShouldBe(200);
    }

#pragma warning disable ASP0014 // An app with a Startup has no other way.
    private static void EndRoutes(IApplicationBuilder app, Action<IEndpointRouteBuilder>? map = null) => app.UseEndpoints(map ?? (_ => { }));
#pragma warning restore ASP0014

    [Fact]
    public async Task A_short_circuit_passes_by_nothing_that_is_written_on_the_route_or_before_routing()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.UseLimitCount(limit => LimitHost.Of(limit, 1));
            app.UseRouting();
            app.MapOpenAiRoute("/short", "openai").UseBasicAuthConsumers(consumers => consumers.Add("a", "a", "password1")).ShortCircuit();
        });

        var statuses = new[] { await host.PostAsync("/short"), await host.PostAsync("/short", "a:password1"), await host.PostAsync("/short", "a:password1") };

        statuses.Select(answer => answer.Status).ShouldBe([401, 200, 429]);
    }

    [Fact]
    public async Task The_order_of_the_lines_changes_nothing()
    {
        Action<OpenAiRouteBuilder>[] lines =
        [
            route => route.UseBasicAuthConsumers(consumers => consumers.Add("a", "a", "a")),
            route => route.UseLimitCount(limit => LimitHost.Of(limit, 2)),
            route => route.UseProxyCache(),
            route => route.RewritePath("/v1/completions"),
        ];
        int[][] orders = [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]];

        foreach (var order in orders)
        {
            await using var host = await RouteHost.StartAsync(app =>
            {
                var route = app.MapOpenAiRoute("/openai", "openai");
                Array.ForEach(order, line => lines[line](route));
            });

            (await host.PostAsync("/openai")).ShouldSatisfyAllConditions(
                refused => refused.Status.ShouldBe(401),
                refused => refused["X-Cache-Status"].ShouldBeNull(),
                refused => refused.Quota().Limit.ShouldBeNull());
            (await host.PostAsync("/openai", "a:a"))["X-Cache-Status"].ShouldBe("MISS");
            var hit = await host.PostAsync("/openai", "a:a");
            (hit["X-Cache-Status"], hit.Quota().Remaining).ShouldBe(("HIT", "0"));
            (await host.PostAsync("/openai", "a:a")).Status.ShouldBe(429);
            (await host.PostAsync("/openai", "a:b")).Status.ShouldBe(401);
            host.Upstream.Requests.ShouldHaveSingleItem().Target.ShouldBe("/v1/completions");
        }
    }

    [Fact]
    public async Task A_groups_policies_cover_whatever_is_mapped_in_it_once()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            var outer = app.MapGroup("/g").UseLimitCount(limit => LimitHost.Of(limit, 100));
            var inner = outer.MapGroup("/inner");
            inner.MapGet("/handler", () => "handler");
            inner.MapGet("/delegate", context => context.Response.WriteAsync("delegate"));
            inner.MapGet("/filtered", () => "filtered").AddEndpointFilter((context, next) => next(context));
            inner.Map("/any", context => context.Response.WriteAsync("any"));
            inner.MapFallback(() => "fallback");
            inner.MapOpenAiRoute("/openai", "openai").WithMethods("GET");
            outer.UseBasicAuthConsumers(consumers => consumers.Add("a", "a", "a"));
        });

        var remaining = 100;
        foreach (var path in new[] { "handler", "delegate", "filtered", "any", "nothing", "openai" })
        {
            (await host.GetAsync("/g/inner/" + path)).Status.ShouldBe(401, path);
            (await host.GetAsync("/g/inner/" + path, "a:a")).Quota().Remaining.ShouldBe($"{--remaining}", path);
        }
    }

    [Fact]
    public async Task The_apps_policies_never_touch_other_endpoints_nor_paths_without_one()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.UseBasicAuthConsumers(consumers => consumers.Add("a", "a", "a"));
            app.UseLimitCount(limit => LimitHost.Of(limit, 1));
            app.UseProxyCache();
            app.MapGet("/health", () => "healthy");
            app.MapOpenAiRoute("/openai", "openai");
        });

        for (var i = 0; i < 3; i++)
        {
            var healthy = await host.GetAsync("/health");
            (healthy.Status, healthy.Text, healthy.Quota().Limit, healthy["X-Cache-Status"]).ShouldBe((200, "healthy", null, null));
        }

        (await host.GetAsync("/nothing")).Status.ShouldBe(404);
        (await host.PostAsync("/openai")).Status.ShouldBe(401);
        (await host.PostAsync("/openai", "a:a")).Status.ShouldBe(200);
        (await host.PostAsync("/openai", "a:a")).Status.ShouldBe(429);
    }

    [Fact]
    public async Task Anonymous_callers_can_be_allowed_on_one_route_of_a_group()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            var group = app.MapGroup("").UseBasicAuthConsumers(consumers => consumers.Add("a", "a", "a"));
            group.MapGet("/closed", () => "in");
            group.MapGet("/open", () => "in").AllowAnonymous().UseLimitCount(limit => LimitHost.Of(limit, 1));
        });

        (await host.GetAsync("/closed")).Status.ShouldBe(401);
        (await host.GetAsync("/open")).Status.ShouldBe(200);
        (await host.GetAsync("/open")).Status.ShouldBe(429);
    }

    [Fact]
    public async Task An_openai_route_that_is_open_to_everybody_is_warned_of_once()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.UseBasicAuthConsumers(consumers => consumers.Add("a", "a", "a"));
            app.MapGet("/health", () => "healthy").AllowAnonymous();
            app.MapOpenAiRoute("/openai", "openai").AllowAnonymous();
        });

        await host.GetAsync("/health");
        (await host.PostAsync("/openai")).Status.ShouldBe(200);
        (await host.PostAsync("/openai")).Status.ShouldBe(200);

        host.Server.Logs.Entries.Where(entry => entry.EventId.Id == 1304).ShouldHaveSingleItem().Message.ShouldContain("'/openai'");
    }
}
