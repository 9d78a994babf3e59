using Microsoft.AspNetCore.Builder;

namespace OpenAi.Gateway.Tests.Routing;

/// <summary>The values of the groups around a route are values of the route.</summary>
public class RewriteInGroupTests
{
    [Fact]
    public async Task A_path_may_use_a_value_of_a_group()
    {
        await using var host = await RouteHost.StartAsync(app =>
            app.MapGroup("/{tenant}").MapGroup("/v1").MapOpenAiRoute("/{**rest}", "openai").RewritePath("/of/{tenant}/{**rest}"));

        await host.PostAsync("/a%20b/v1/chat/completions");

        host.Upstream.Requests[^1].Target.ShouldBe("/of/a%20b/chat/completions");
    }

    [Fact]
    public async Task So_may_one_of_configuration_and_after_a_change()
    {
        var settings = new Settings(Json("/of/{tenant}"));
        await using var host = await RouteHost.StartAsync(app => app.MapGroup("/{tenant}").MapOpenAiRoutes(settings["Routes"]));
        await host.PostAsync("/a/ask");
        host.Upstream.Requests[^1].Target.ShouldBe("/of/a");

        settings.Change(Json("/now/{tenant}"));
        await host.PostAsync("/a/ask");
        host.Upstream.Requests[^1].Target.ShouldBe("/now/a");

        settings.Change(Json("/now/{nobody}"));
        await host.PostAsync("/b/ask");
        host.Upstream.Requests[^1].Target.ShouldBe("/now/b");
        host.Server.Logs.Entries.ShouldContain(entry => entry.EventId.Id == 1001 && entry.Message.Contains("{nobody}"));
    }

    [Fact]
    public async Task A_value_that_no_group_has_stops_the_app() => (await RouteHost.StartErrorAsync(app =>
        app.MapGroup("/{tenant}").MapOpenAiRoute("/ask", "openai").RewritePath("/of/{nobody}"))).ShouldContain("'/{tenant}/ask'");

    private static string Json(string path) =>
        $$"""{ "Routes": { "ask": { "Pattern": "/ask", "Upstream": "openai", "RewritePath": "{{path}}" } } }""";
}
