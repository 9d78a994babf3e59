using Microsoft.AspNetCore.Builder;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.Bridge;

/// <summary>Which requests of a route a bridge answers.</summary>
public class BridgeRouteTests
{
    // The upstream's path is the app's choice here, and the bridge has one of its own.
    [Theory]
    [InlineData("/legacy", null)]
    [InlineData("/legacy", "/v1/completions")]
    [InlineData("/legacy", "/v1/chat/completions")]
    [InlineData("/{team}/legacy", "/v1/chat/completions")]
    [InlineData("/{team}/legacy", "/ask")]
    public async Task A_path_of_the_app_leads_to_the_chats_whatever_it_is(string pattern, string? rewritten)
    {
        await using var host = await RouteHost.StartAsync(
            app =>
            {
                var route = app.MapOpenAiRoute(pattern, "openai").BridgeCompletions(bridge => bridge.DefaultModel = BridgeHost.Chat);
                if (rewritten is not null)
                {
                    route.RewritePath(rewritten);
                }
            },
            script: BridgeHost.AnswerAsync);

        (await host.PostAsync(pattern.Replace("{team}", "a"))).Text.ShouldContain("\"object\":\"text_completion\"");

        host.Upstream.Requests.ShouldHaveSingleItem().ToString().ShouldBe("POST /v1/chat/completions");
    }
}
