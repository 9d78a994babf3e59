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
