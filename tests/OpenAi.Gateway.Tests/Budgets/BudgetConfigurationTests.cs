using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenAi.Gateway.Tests.LimitTokens;
using OpenAi.Gateway.Tests.Models;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.Budgets;

public class BudgetConfigurationTests
{
    [Fact]
    public async Task A_budget_without_prices_stops_the_app() =>
        (await RouteHost.StartErrorAsync(app => app.UseBudget(budget => budget.Amount = 1))).ShouldContain("UseBudget needs the prices of the models. Add them");

    [Fact]
    public async Task A_configured_route_can_have_a_budget()
    {
        var settings = new Settings("""
            { "Routes": { "chat": { "Pattern": "/v1/{**path}", "Upstream": "openai", "Budget": { "Amount": 0.000001, "Period": "Day" } } } }
            """);
        await using var host = await RouteHost.StartAsync(app => app.MapOpenAiRoutes(settings["Routes"]), BudgetTests.AddPrices);

        (await host.AskAsync(TokenHost.Body(100))).Refusal().ShouldBe((400, "request_too_large_for_limit", "max_tokens"));
    }

    [Fact]
    public async Task A_budget_and_the_prices_that_it_needs_can_come_with_one_change()
    {
        var settings = new Settings("""
            { "Usage": { "Prices": {} }, "Routes": { "chat": { "Pattern": "/v1/{**path}", "Upstream": "openai" } } }
            """);
        await using var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoutes(settings["Routes"]), builder => builder.Services.AddOpenAiUsage(settings["Usage"]));

        settings.Change("""
            { "Usage": { "Prices": { "m": { "Input": 1, "Output": 2 } } },
              "Routes": { "chat": { "Pattern": "/v1/{**path}", "Upstream": "openai", "Budget": { "Amount": 0.000001, "Period": "Day" } } } }
            """);

        host.Server.Logs.Entries.ShouldNotContain(entry => entry.Level >= LogLevel.Error);
        (await host.AskAsync(TokenHost.Body(100))).Refusal().ShouldBe((400, "request_too_large_for_limit", "max_tokens"));
    }

    [Fact]
    public void Wrong_options_are_refused_with_the_remedy()
    {
        Refusal(budget => budget.Amount = 0).ShouldContain("Amount: is 0. It must be more than 0 and at most 1000000000: the money of one Period.");
        Refusal(budget => budget.Amount = 1_000_000_001).ShouldContain("Amount: is 1000000001.");
        Refusal(budget => budget.Period = (BudgetPeriod)7).ShouldContain("Period must be Month or Day.");
        Refusal(budget => budget.InputBytesPerToken = 0).ShouldContain("InputBytesPerToken: is 0.");
        Refusal(budget => budget.Key = "nothing").ShouldContain("is not a known variable");
    }

    private static string Refusal(Action<BudgetOptions> configure) => Should.Throw<OptionsValidationException>(() => BudgetPolicy.From(budget =>
    {
        budget.Amount = 1;
        configure(budget);
    })).Message;
}
