using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenAi.Gateway.Tests.Ledger;
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

    [Fact]
    public async Task Each_prompt_costs_what_the_model_costs_that_answered_it()
    {
        var sink = new LedgerSink();
        await using var first = ScriptedUpstream.Start(connection => connection.Request.Text.Contains("\"b\"", StringComparison.Ordinal)
            ? connection.WriteJsonAsync("{}", 500)
            : connection.WriteJsonAsync(Chat("m")));
        await using var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoute("/v1/completions", "first").BridgeCompletions(_ => { }).UseBudget(budget =>
                (budget.Amount, budget.Group, budget.Key, budget.KeyType) = (1, "g", "everybody", LimitKeyType.Constant)),
            builder =>
            {
                BudgetTests.AddPrices(builder);
                builder.Services.AddSingleton<UsageSink>(sink);
                builder.Services.AddOpenAiUpstream("first", upstream =>
                {
                    upstream.AddNode(first.Address.ToString());
                    upstream.FallbackTo("openai", fallback => fallback.Models["m"] = "dear");
                });
            },
            connection => connection.WriteJsonAsync(Chat("dear")));

        (await host.AskAsync("""{"model":"m","prompt":["a","b"],"max_tokens":9}""", "/v1/completions")).Status.ShouldBe(200);

        const decimal Cost = (7 + (5 * 2) + 7 + (5 * 100)) / Million;
        await host.ShouldHaveSpentAsync(Cost);
        await sink.WhenAsync(1);
        sink.Records.ShouldHaveSingleItem().Cost.ShouldBe(Cost);
    }

    private static string Chat(string model) =>
        $$$"""{"id":"c","created":1,"model":"{{{model}}}","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12}}""";

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
