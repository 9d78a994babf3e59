using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenAi.Gateway.Tests.Routing;
using OpenAi.Gateway.Tests.Usage;

namespace OpenAi.Gateway.Tests.Models;

/// <summary>What is told of an alias that a path names, as Azure's clients do.</summary>
public class PathAliasTests
{
    [Theory]
    [InlineData("/v1/deployments/fast/chat/completions", "{}", "fast", "gpt-6")]
    [InlineData("/v1/deployments/fast/chat/completions", """{"model":"fast"}""", "fast", "gpt-6")]
    [InlineData("/v1/deployments/fast/chat/completions", """{"model":"other"}""", "fast", "gpt-6")]
    [InlineData("/v1/deployments/fast/audio/transcriptions", "", "fast", "gpt-6")]
    [InlineData("/v1/deployments/other/chat/completions", """{"model":"fast"}""", "fast", "gpt-6")]
    [InlineData("/v1/deployments/other/chat/completions", """{"model":"other"}""", "other", "other")]
    public async Task The_record_names_it_and_the_model_that_was_asked(string path, string body, string asked, string sent)
    {
        var sink = new HeldSink().Release();
        await using (var host = await StartAsync(builder => builder.Services.AddSingleton<UsageSink>(sink)))
        {
            (await host.AskAsync(body, path))["X-Upstream-Model"].ShouldBe(asked == sent ? null : sent);
        }

        var record = sink.Records.ShouldHaveSingleItem();
        (record.AskedModel, record.SentModel).ShouldBe((asked, sent));
    }

    [Fact]
    public async Task The_next_request_on_the_connection_has_none_of_it()
    {
        await using var host = await StartAsync();

        (await host.AskAsync("{}", "/v1/deployments/fast/chat/completions"))["X-Upstream-Model"].ShouldBe("gpt-6");
        (await host.AskAsync("{}", "/v1/deployments/other/chat/completions"))["X-Upstream-Model"].ShouldBeNull();
    }

    [Fact]
    public async Task A_bridge_asks_for_the_model_of_the_body_whatever_the_path_names()
    {
        var sink = new HeldSink().Release();
        await using (var host = await StartAsync(
            builder => builder.Services.AddSingleton<UsageSink>(sink), route => route.BridgeCompletions(bridge => bridge.DefaultModel = "chat")))
        {
            (await host.AskAsync("""{"model":"other","prompt":"p"}""", "/v1/engines/fast/completions"))["X-Upstream-Model"].ShouldBe("chat");
        }

        var record = sink.Records.ShouldHaveSingleItem();
        (record.AskedModel, record.SentModel).ShouldBe(("other", "chat"));
    }

    [Theory]
    [InlineData("{}", "gpt-6")]
    [InlineData("""{"model":"gpt-6"}""", "mine")]
    public async Task A_fallback_that_has_its_own_name_for_the_model_of_the_body_was_asked_for_that(string body, string sent)
    {
        await using var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoute("/v1/{**path}", "first").UseModels(models => models.Aliases["fast"] = "gpt-6"),
            builder => builder.Services.AddOpenAiUpstream("first", options =>
                options.AddNode("http://127.0.0.1:1").FallbackTo("openai", fallback => fallback.Models["gpt-6"] = "mine")));

        (await host.AskAsync(body, "/v1/deployments/fast/chat/completions"))["X-Upstream-Model"].ShouldBe(sent);
        host.Upstream.Requests.ShouldHaveSingleItem().Text.ShouldBe(body.Replace("gpt-6", "mine"));
    }

    [Fact]
    public async Task It_has_an_entry_of_its_own_in_the_cache()
    {
        await using var host = await StartAsync(route: route => route.UseProxyCache(cache => cache.Key = ["$upstream_uri", "$request_body"]));

        string[] names = ["fast", "gpt-6", "fast", "gpt-6"];
        var answers = new List<(string? Cache, string? Model)>();
        foreach (var name in names)
        {
            var answer = await host.AskAsync("{}", $"/v1/deployments/{name}/chat/completions");
            answers.Add((answer["X-Cache-Status"], answer["X-Upstream-Model"]));
        }

        answers.ShouldBe([("MISS", "gpt-6"), ("MISS", null), ("HIT", "gpt-6"), ("HIT", null)]);
    }

    private static Task<RouteHost> StartAsync(Action<WebApplicationBuilder>? build = null, Action<OpenAiRouteBuilder>? route = null) => RouteHost.StartAsync(
        app =>
        {
            var mapped = app.MapOpenAiRoute("/v1/{**path}", "openai").UseModels(models => models.Aliases["fast"] = "gpt-6");
            route?.Invoke(mapped);
        },
        build);
}
