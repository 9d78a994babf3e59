using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenAi.Gateway.Tests.Bridge;
using OpenAi.Gateway.Tests.LimitTokens;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.Models;

/// <summary>Some servers ignore <c>max_completion_tokens</c>, so that it bounds nothing there, and others refuse it.</summary>
public class ChatMaxTokensFieldTests
{
    [Theory]
    [InlineData("""{"model":"m"}""", """{"max_tokens":50,"model":"m"}""")]
    [InlineData("""{}""", """{"max_tokens":50}""")]
    [InlineData("""{"model":"m","max_tokens":null}""", """{"model":"m","max_tokens":50}""")]
    [InlineData("""{"model":"m","max_tokens":7}""", """{"model":"m","max_tokens":7}""")]
    [InlineData("""{"model":"m", "max_completion_tokens" : 5 }""", """{"model":"m", "max_tokens":5 }""")]
    [InlineData("""{"max_completion_tokens":5,"model":"m"}""", """{"max_tokens":5,"model":"m"}""")]
    [InlineData("""{"max_completion_tokens":null,"model":"m"}""", """{"max_tokens":50,"model":"m"}""")]
    [InlineData("""{"max_tokens":null,"max_completion_tokens":5}""", """{"max_tokens":5,"max_completion_tokens":5}""")]
    [InlineData("""{"max_tokens":7,"max_completion_tokens":5}""", """{"max_tokens":7,"max_completion_tokens":5}""")]
    [InlineData(
        """{"max_completion_tokens":5,"stream":true,"model":"m"}""",
        """{"stream_options":{"include_usage":true},"max_tokens":5,"stream":true,"model":"m"}""")]
    public async Task What_a_policy_relies_on_stands_where_the_upstream_reads_it(string asked, string sent)
    {
        await using var host = await StartAsync(Older, app => app.MapOpenAiRoute("/v1/{**path}", "openai").UseLimitTokens(Capping));

        await host.AskAsync(asked);

        host.Upstream.Requests.ShouldHaveSingleItem().Text.ShouldBe(sent);
    }

    [Fact]
    public async Task An_answer_cannot_pass_the_largest_maximum_by_the_other_field()
    {
        await using var host = await StartAsync(Older, app => app.MapOpenAiRoute("/v1/{**path}", "openai").UseModels(models => models.MaxOutputTokens = 9));

        await host.AskAsync("""{"model":"m","max_completion_tokens":9}""");
        var refused = await host.AskAsync("""{"model":"m","max_completion_tokens":10}""");

        refused.Refusal().ShouldBe((400, "invalid_value", "max_completion_tokens"));
        host.Upstream.Requests.ShouldHaveSingleItem().Text.ShouldBe("""{"model":"m","max_tokens":9}""");
    }

    [Fact]
    public async Task Where_no_policy_relies_on_it_the_request_stays_as_it_is()
    {
        const string Body = """{"model":"m","max_completion_tokens":5}""";
        await using var host = await StartAsync(Older, app => app.MapOpenAiRoute("/v1/{**path}", "openai").UseModels(models => models.AllowedModels = ["m"]));

        await host.AskAsync(Body);

        host.Upstream.Requests.ShouldHaveSingleItem().Text.ShouldBe(Body);
    }

    [Theory]
    [InlineData("""{"model":"m"}""", """{"max_completion_tokens":50,"model":"m"}""", """{"max_tokens":50,"model":"m"}""")]
    [InlineData("""{"model":"m","max_completion_tokens":5}""", """{"model":"m","max_completion_tokens":5}""", """{"model":"m","max_tokens":5}""")]
    [InlineData("""{"model":"m","max_tokens":5}""", """{"model":"m","max_tokens":5}""", """{"model":"m","max_tokens":5}""")]
    public async Task Each_upstream_gets_the_field_that_it_knows(string asked, string first, string second)
    {
        await using var local = ScriptedUpstream.Start(connection => connection.WriteJsonAsync(TokenHost.Usage(1, 1)));
        await using var host = await StartAsync(
            options => options.FallbackTo("local"),
            app => app.MapOpenAiRoute("/v1/{**path}", "openai").UseLimitTokens(Capping),
            builder => builder.Services.AddOpenAiUpstream("local", options => Older(options.AddNode(local.Address.ToString()))),
            connection => connection.WriteJsonAsync("{}", 500));

        (await host.AskAsync(asked)).Status.ShouldBe(200);

        host.Upstream.Requests.ShouldHaveSingleItem().Text.ShouldBe(first);
        local.Requests.ShouldHaveSingleItem().Text.ShouldBe(second);
    }

    [Theory]
    [InlineData("max_tokens", """{"model":"gpt-test","max_tokens":16,"messages":[{"role":"user","content":"p"}]}""")]
    [InlineData("max_completion_tokens", """{"model":"gpt-test","max_completion_tokens":16,"messages":[{"role":"user","content":"p"}]}""")]
    public async Task A_bridge_writes_it_too(string field, string sent)
    {
        await using var host = await BridgeHost.StartAsync(
            connection => connection.WriteJsonAsync("{}"),
            build: builder => builder.Services.Configure<OpenAiUpstreamOptions>("openai", options => options.ChatMaxTokensField = field));

        await BridgeHost.AskAsync(host, BridgeHost.Body("", "p"));

        host.Upstream.Requests.ShouldHaveSingleItem().Text.ShouldBe(sent);
    }

    [Theory]
    [InlineData("max_completion_tokens")]
    [InlineData("max_tokens")]
    public async Task A_bridge_leaves_out_what_its_model_shall_not_have(string dropped)
    {
        await using var host = await BridgeHost.StartAsync(
            connection => connection.WriteJsonAsync("{}"),
            build: builder => builder.Services.Configure<OpenAiUpstreamOptions>("openai", Older),
            bridge: options => options.Map(BridgeHost.Legacy, BridgeHost.Chat, model =>
            {
                if (dropped == "max_tokens")
                {
                    model.Set[dropped] = "99";
                }
                else
                {
                    model.Drop.Add(dropped);
                }
            }));

        await BridgeHost.AskAsync(host, BridgeHost.Body("", "p"));

        var set = dropped == "max_tokens" ? ""","max_tokens":99""" : "";
        host.Upstream.Requests.ShouldHaveSingleItem().Text.ShouldBe($$"""{"model":"gpt-test"{{set}},"messages":[{"role":"user","content":"p"}]}""");
    }

    [Fact]
    public async Task Another_name_stops_the_app()
    {
        var error = await RouteHost.StartErrorAsync(
            app => app.MapOpenAiRoute("/v1/chat/completions", "openai"),
            builder => builder.Services.Configure<OpenAiUpstreamOptions>("openai", options => options.ChatMaxTokensField = "n_predict"));

        error.ShouldContain("ChatMaxTokensField must be max_completion_tokens or max_tokens.");
    }

    private static void Older(OpenAiUpstreamOptions options) => options.ChatMaxTokensField = "max_tokens";

    private static void Capping(LimitTokensOptions limit) =>
        (TokenHost.Of(limit, 1_000).DefaultMaxOutputTokens, limit.WhenMaxUnknown) = (50, WhenMaxUnknown.InjectCap);

    private static Task<RouteHost> StartAsync(
        Action<OpenAiUpstreamOptions> upstream,
        Action<WebApplication> configure,
        Action<WebApplicationBuilder>? build = null,
        Func<UpstreamConnection, Task>? script = null) => RouteHost.StartAsync(
            configure,
            builder =>
            {
                builder.Services.Configure<OpenAiUpstreamOptions>("openai", upstream);
                build?.Invoke(builder);
            },
            script ?? (connection => connection.WriteJsonAsync(TokenHost.Usage(1, 1))));
}
