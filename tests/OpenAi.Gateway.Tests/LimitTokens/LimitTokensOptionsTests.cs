using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenAi.Gateway.Tests.LimitCount;
using OpenAi.Gateway.Tests.Models;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.LimitTokens;

public class LimitTokensOptionsTests
{
    [Fact]
    public void Wrong_options_are_refused_with_the_remedy()
    {
        Refusal(limit => limit.Count = 0).ShouldContain("Count must be at least 1: the number of tokens in one TimeWindow.");
        Refusal(limit => limit.TimeWindow = TimeSpan.Zero).ShouldContain("TimeWindow: is 00:00:00");
        Refusal(limit => limit.DefaultMaxOutputTokens = 0).ShouldContain("DefaultMaxOutputTokens must be at least 1.");
        Refusal(limit => limit.InputBytesPerToken = 0.5).ShouldContain("InputBytesPerToken: is 0.5. It must be between 1 and 16; English text has 3 to 4.");
        Refusal(limit => limit.InputBytesPerToken = double.NaN).ShouldContain("InputBytesPerToken: is NaN");
        Refusal(limit => limit.InputBytesPerToken = 17).ShouldContain("between 1 and 16");
        Refusal(limit => limit.WhenMaxUnknown = (WhenMaxUnknown)7).ShouldContain("WhenMaxUnknown must be Estimate or InjectCap.");
        Refusal(limit => limit.Counts = (CountedTokens)7).ShouldContain("Counts must be Total, Input or Output.");
        Refusal(limit => limit.RejectedCode = 99).ShouldContain("RejectedCode must be an HTTP status between 200 and 599.");
        Refusal(limit => limit.RejectedMessage = " ").ShouldContain("RejectedMessage is empty");
        Refusal(limit => (limit.Key, limit.KeyType) = ("nothing", LimitKeyType.Var)).ShouldContain("is not a known variable");
        Refusal(limit => limit.Group = "").ShouldContain("Group: is empty");
    }

    [Fact]
    public async Task A_changed_count_is_taken_without_forgetting_what_was_counted()
    {
        var settings = new Settings(Json(1_000));
        await using var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoute("/v1/{**path}", "openai").UseLimitTokens(settings["Tokens"]),
            script: connection => connection.WriteJsonAsync(TokenHost.Usage(900, 0)));
        await host.AskAsync(TokenHost.Body(900));
        await host.ShouldCountAsync(900);
        (await host.AskAsync(TokenHost.Body(500))).Status.ShouldBe(429);

        settings.Change(Json(2_000));

        (await host.AskAsync(TokenHost.Body(500))).TokenQuota().ShouldBe(("2000", "581", "60"));
        settings.Change(Json(0));
        host.Server.Logs.Entries.ShouldContain(entry => entry.Message.Contains("'Tokens' was refused"));
    }

    [Theory]
    [InlineData(false, 503)]
    [InlineData(true, 200)]
    public async Task A_store_that_is_down_refuses_or_lets_pass(bool allow, int status)
    {
        await using var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoute("/v1/{**path}", "openai").UseLimitTokens(limit => TokenHost.Of(limit, 1_000).AllowDegradation = allow),
            builder => builder.Services.AddSingleton<LimitCounter>(new ScriptedCounter { IsDown = true }));

        (await host.AskAsync(TokenHost.Body(100))).Status.ShouldBe(status);
        host.Server.Logs.Entries.ShouldContain(entry => entry.EventId.Id == 1401);
    }

    [Fact]
    public async Task Who_can_take_nothing_of_a_limit_is_told_nothing_of_it_and_the_counter_neither()
    {
        var counter = new ScriptedCounter();
        await using (var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoute("/v1/{**path}", "openai").UseLimitTokens(limit => TokenHost.Of(limit, 1_000).Counts = CountedTokens.Output),
            builder => builder.Services.AddSingleton<LimitCounter>(counter),
            connection => connection.WriteJsonAsync("""{"object":"list","usage":{"prompt_tokens":10,"total_tokens":10}}""")))
        {
            (await host.AskAsync("""{"model":"m","input":"text"}""", "/v1/embeddings")).ShouldSatisfyAllConditions(
                answer => answer.Status.ShouldBe(200),
                answer => answer.TokenQuota().ShouldBe((null, null, null)));
        }

        counter.Reserved.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_limit_on_the_app_covers_openai_routes_alone_and_what_they_take_tokens_for()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.UseLimitTokens(limit => TokenHost.Of(limit, 10));
            app.MapPost("/plain", () => "in");
            app.MapOpenAiRoute("/v1/{**path}", "openai").UseModels(models => models.AllowedModels = ["m"]);
            app.MapOpenAiRoute("/other/{**path}", "openai");
        });

        (await host.AskAsync(TokenHost.Body(100), "/plain")).Status.ShouldBe(200);
        (await host.AskAsync(TokenHost.Body(100))).Status.ShouldBe(400);
        (await host.AskAsync(TokenHost.Body(100), "/v1/images/generations")).Status.ShouldBe(200);
        (await host.AskAsync("no JSON", "/other/files")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Of_several_caps_the_smallest_one_is_sent()
    {
        static void Cap(LimitTokensOptions limit, int most) =>
            (TokenHost.Of(limit, 1_000).DefaultMaxOutputTokens, limit.WhenMaxUnknown) = (most, WhenMaxUnknown.InjectCap);
        await using var host = await TokenHost.StartAsync(
            limit => Cap(limit, 200), route: route => route.UseLimitTokens(limit => Cap(limit, 100)).UseLimitTokens(limit => Cap(limit, 300)));

        await host.AskAsync("""{"model":"m"}""");

        host.Upstream.Requests.ShouldHaveSingleItem().Text.ShouldBe("""{"max_completion_tokens":100,"model":"m"}""");
    }

    private static string Json(long count) =>
        $$"""{ "Tokens": { "Count": {{count}}, "TimeWindow": "00:01:00", "Group": "g", "Key": "everybody", "KeyType": "Constant" } }""";

    private static string Refusal(Action<LimitTokensOptions> configure) =>
        Should.Throw<OptionsValidationException>(() => LimitTokensPolicy.From(limit => configure(TokenHost.Of(limit, 1)))).Message;
}
