using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway.Tests.Routing;

/// <summary>Endpoints that are made in other ways than <c>MapGet</c> makes them.</summary>
public class FrameworkEndpointTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_policy_covers_controllers_and_components(bool isOnGroup)
    {
        await using var host = await RouteHost.StartAsync(
            app =>
            {
                app.UseAntiforgery();
                IEndpointRouteBuilder routes = isOnGroup ? Protect(app.MapGroup("")) : app;
                var controllers = routes.MapControllers();
                var components = routes.MapRazorComponents<PingPage>();
                if (!isOnGroup)
                {
                    Protect(controllers);
                    Protect(components);
                }
            },
            AddFramework);

        foreach (var path in new[] { "/ping", "/ping-page" })
        {
            (await host.GetAsync(path)).Status.ShouldBe(401, path);
            (await host.GetAsync(path, "a:password1")).Status.ShouldBe(200, path);
        }
    }

    [Fact]
    public async Task A_policy_on_components_warns_with_their_first_request_as_others_do_at_start_up()
    {
        await using var host = await RouteHost.StartAsync(
            app =>
            {
                app.UseAntiforgery();
                app.MapRazorComponents<PingPage>().UseProxyCache(cache => cache.Key = ["$uri"]);
            },
            AddFramework);

        await host.GetAsync("/ping-page");
        await host.GetAsync("/ping-page");

        host.Server.Logs.Entries.Count(entry => entry.EventId.Id == 1502).ShouldBe(1);
    }

    [Fact]
    public async Task A_policy_on_controllers_covers_them_where_a_fallback_leads_to_them()
    {
        await using var host = await RouteHost.StartAsync(
            app =>
            {
                Protect(app.MapControllers());
                MapFallback(app);
            },
            AddFramework);

        (await host.GetAsync("/fallback")).Status.ShouldBe(401);
        (await host.GetAsync("/fallback", "a:password1")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_policy_on_a_fallback_that_leads_past_it_or_on_its_group_is_refused()
    {
        foreach (var map in new Action<WebApplication>[] { app => Protect(MapFallback(app)), app => MapFallback(Protect(app.MapGroup(""))) })
        {
            (await RouteHost.StartErrorAsync(map, AddFramework)).ShouldContain("A policy on '/fallback' or its group would never run");
        }
    }

    [Fact]
    public void A_policy_on_an_endpoint_without_a_handler_is_refused_with_the_remedy()
    {
        var error = Should.Throw<InvalidOperationException>(() => Protect(new LateEndpoint()));

        error.Message.ShouldContain("'/late'");
        error.Message.ShouldContain("app.MapGroup(\"\").UseX(…)");
    }

    private static void AddFramework(WebApplicationBuilder builder)
    {
        builder.Services.AddControllers().AddApplicationPart(typeof(PingController).Assembly);
        builder.Services.AddRazorComponents();
    }

    private static IEndpointConventionBuilder MapFallback(IEndpointRouteBuilder routes) =>
        routes.MapFallbackToController("/fallback", nameof(PingController.Get), "Ping");

    private static TBuilder Protect<TBuilder>(TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.UseBasicAuthConsumers(consumers => consumers.Add("a", "a", "password1"));

    private sealed class LateEndpoint : IEndpointConventionBuilder
    {
        public void Add(Action<EndpointBuilder> convention) => convention(new RouteEndpointBuilder(null, RoutePatternFactory.Parse("/late"), 0));
    }
}
