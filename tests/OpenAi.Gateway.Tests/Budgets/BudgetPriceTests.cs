using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenAi.Gateway.Tests.LimitTokens;
using OpenAi.Gateway.Tests.Models;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.Budgets;

/// <summary>Which price is reserved, and which is counted, when they differ.</summary>
public class BudgetPriceTests
{
    private const decimal Million = 1_000_000;

    // Nothing could be reserved, and only its answer names the model that has a price.
    [Fact]
    public async Task A_model_whose_price_its_answer_tells_is_counted_afterwards()
    {
        await using var host = await StartAsync(0.000001m);

        for (var calls = 1; calls <= 2; calls++)
        {
            (await host.AskAsync("""{"model":"deployment","max_tokens":1000}""")).Status.ShouldBe(200);
            await host.ShouldHaveSpentAsync(calls * (10 + (5 * 2)) / Million);
        }
    }

    [Fact]
    public async Task An_estimate_of_what_nobody_could_reserve_for_is_not_counted()
    {
        await using var host = await StartAsync(1, """{"model":"m","choices":[{"message":{"content":"some text"}}]}""");

        (await host.AskAsync("""{"model":"deployment","max_tokens":1000}""")).Status.ShouldBe(200);

        await host.ShouldHaveSpentAsync(0);
    }

    // Whether the provider keeps it is not known before.
    [Fact]
    public async Task Input_is_reserved_at_what_it_costs_to_keep_it_in_the_providers_cache()
    {
        await using var host = await StartAsync(0.0006m, """{"model":"kept","usage":{"prompt_tokens":10,"prompt_tokens_details":{"cache_write_tokens":4}}}""");

        (await host.AskAsync("""{"model":"kept","max_tokens":1,"user":"ten bytes."}""")).Refusal().Code.ShouldBe("request_too_large_for_limit");
        (await host.AskAsync("""{"model":"kept","max_tokens":1}""")).Status.ShouldBe(200);

        await host.ShouldHaveSpentAsync((6 + (4 * 25)) / Million);
    }

    private static Task<RouteHost> StartAsync(decimal amount, string? answer = null) => RouteHost.StartAsync(
        app => app.MapOpenAiRoute("/v1/{**path}", "openai").UseBudget(budget =>
        {
            (budget.Amount, budget.AllowUnpricedModels) = (amount, true);
            (budget.Group, budget.Key, budget.KeyType) = ("g", "everybody", LimitKeyType.Constant);
        }),
        builder => builder.Services.AddOpenAiUsage(usage =>
        {
            usage.Prices["m"] = new ModelPriceOptions { Input = 1, Output = 2 };
            usage.Prices["kept"] = new ModelPriceOptions { Input = 1, CacheWriteInput = 25, Output = 2 };
        }),
        connection => connection.WriteJsonAsync(answer ?? TokenHost.Usage(10, 5)));
}
