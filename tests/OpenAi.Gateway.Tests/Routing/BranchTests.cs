using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using OpenAi.Gateway.Tests.LimitCount;

namespace OpenAi.Gateway.Tests.Routing;

public class BranchTests
{
    [Fact]
    public async Task A_condition_on_the_app_decides_which_requests_a_policy_covers()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.UseWhen(
                context => context.Request.Headers.ContainsKey("X-Partner"),
                branch => branch.UseLimitCount(limit => LimitHost.Of(limit, 1)));
            app.MapOpenAiRoute("/openai", "openai");
        });

        (await host.PostAsync("/openai", null, ("X-Partner", "1"))).Status.ShouldBe(200);
        (await host.PostAsync("/openai", null, ("X-Partner", "1"))).Status.ShouldBe(429);
        (await host.PostAsync("/openai")).Quota().Limit.ShouldBeNull();
    }

    [Fact]
    public async Task A_branch_with_routes_of_its_own_has_policies_of_its_own()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.Map("/branch", branch =>
            {
                branch.UseRouting();
                branch.UseBasicAuthConsumers(consumers => consumers.Add("a", "a", "a"));
                branch.UseEndpoints(endpoints => endpoints.MapOpenAiRoute("/openai", "openai"));
            });
            app.UseRouting();
            app.MapOpenAiRoute("/openai", "openai");
        });

        (await host.PostAsync("/branch/openai")).Status.ShouldBe(401);
        (await host.PostAsync("/branch/openai", "a:a")).Status.ShouldBe(200);
        (await host.PostAsync("/openai")).Status.ShouldBe(200);
        host.Upstream.Requests.ShouldAllBe(request => request.Target == "/openai");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Routing_may_stand_before_or_behind_the_policies(bool isBefore)
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            if (isBefore)
            {
                app.UseRouting();
            }

            app.UseBasicAuthConsumers(consumers => consumers.Add("a", "a", "a"));
            app.UseLimitCount(limit => LimitHost.Of(limit, 1));
            if (!isBefore)
            {
                app.UseRouting();
            }

            app.MapGet("/health", () => "healthy");
            app.MapOpenAiRoute("/openai", "openai");
        });

        (await host.PostAsync("/openai")).Status.ShouldBe(401);
        (await host.PostAsync("/openai", "a:a")).Status.ShouldBe(200);
        (await host.PostAsync("/openai", "a:a")).Status.ShouldBe(429);
        (await host.GetAsync("/health")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task An_error_page_that_is_an_endpoint_has_its_own_policies()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.UseExceptionHandler("/oops");
            app.UseStatusCodePagesWithReExecute("/missing");
            app.MapGet("/throw", string () => throw new InvalidOperationException("Thrown on purpose."))
                .UseLimitCount(limit => LimitHost.Of(limit, 100).Group = "throw");
            app.MapGet("/oops", () => "oops").UseLimitCount(limit => LimitHost.Of(limit, 1));
            app.MapGet("/missing", () => "missing").UseBasicAuthConsumers(consumers => consumers.Add("a", "a", "a"));
        });

        (await host.GetAsync("/throw")).Text.ShouldBe("oops");
        (await host.GetAsync("/throw")).Status.ShouldBe(429);
        (await host.GetAsync("/nowhere")).Status.ShouldBe(401);
        (await host.GetAsync("/nowhere", "a:a")).Text.ShouldBe("missing");
    }

    [Fact]
    public async Task A_request_that_passes_the_app_twice_is_counted_once_for_each_endpoint_it_reaches()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.UseStatusCodePagesWithReExecute("/openai");
            app.UseLimitCount(limit => LimitHost.Of(limit, 10));
            app.MapOpenAiRoute("/openai", "openai").WithMethods("GET");
        });

        (await host.GetAsync("/nowhere")).Quota().Remaining.ShouldBe("9");
    }

    [Fact]
    public async Task Whoever_runs_an_endpoint_twice_runs_its_policies_twice()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.Use(async (context, next) =>
            {
                await next(context);
                await next(context);
            });
            app.UseRouting();
            app.MapGet("/", _ => Task.CompletedTask).UseLimitCount(limit => LimitHost.Of(limit, 10));
        });

        (await host.GetAsync("/")).Quota().Remaining.ShouldBe("8");
    }

    [Fact]
    public async Task An_endpoint_that_refused_a_request_refuses_it_again()
    {
        var statuses = new List<int>();
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.Use(async (context, next) =>
            {
                for (var i = 0; i < 2; i++)
                {
                    using var body = new MemoryStream();
                    context.Response.Body = body;
                    await next(context);
                    statuses.Add(context.Response.StatusCode);
                }

                context.Response.ContentLength = 0;
            });
            app.UseRouting();
            app.MapOpenAiRoute("/openai", "openai").UseBasicAuthConsumers(consumers => consumers.Add("a", "a", "a"));
        });

        await host.PostAsync("/openai");

        statuses.ShouldBe([401, 401]);
        host.Calls.ShouldBe(0);
    }
}
