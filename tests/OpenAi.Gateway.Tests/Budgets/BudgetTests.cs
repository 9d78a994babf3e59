using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenAi.Gateway.Tests.Diagnostics;
using OpenAi.Gateway.Tests.LimitTokens;
using OpenAi.Gateway.Tests.Models;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.Budgets;

/// <summary>A model whose input costs 1 and whose output costs 2 for a million tokens.</summary>
public class BudgetTests
{
    private const decimal Million = 1_000_000;

    [Fact]
    public async Task What_a_request_may_cost_is_reserved_and_what_it_cost_is_counted()
    {
        await using var host = await StartAsync(budget => budget.Amount = 0.001m, connection => connection.WriteJsonAsync(TokenHost.Usage(10, 400)));

        (await host.AskAsync(TokenHost.Body(400))).Status.ShouldBe(200);

        await host.ShouldHaveSpentAsync(810 / Million);
    }

    [Fact]
    public async Task A_spent_budget_is_told_in_openais_words_and_not_worth_a_retry()
    {
        await using var host = await StartAsync(budget => budget.Amount = 0.001m, connection => connection.WriteJsonAsync(TokenHost.Usage(10, 400)));
        using var measured = new Measurements(host.Server.Services);
        await host.AskAsync(TokenHost.Body(400));
        await host.ShouldHaveSpentAsync(810 / Million);

        var refused = await host.AskAsync(TokenHost.Body(400));

        refused.Status.ShouldBe(429);
        (refused["x-should-retry"], refused["Retry-After"]).ShouldBe(("false", null));
        refused.Text.ShouldBe(
            """{"error_msg":"The budget is spent.","error":{"message":"The budget is spent.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}""");
        measured.Of("limit.rejections").ShouldHaveSingleItem().Tags.ShouldBe("http.route=/v1/{**path}, openai_gateway.limit.kind=budget");
        await host.ShouldHaveSpentAsync(810 / Million);
    }

    [Fact]
    public async Task The_model_that_a_path_names_may_be_the_dearer_one()
    {
        await using var host = await StartAsync(
            budget => budget.Amount = 0.001m, route: route => route.UseModels(models => models.Aliases["alias"] = "dear"));

        (await host.AskAsync(TokenHost.Body(400), "/v1/deployments/dear/chat/completions")).Refusal().Code.ShouldBe("request_too_large_for_limit");
        (await host.AskAsync(TokenHost.Body(400), "/v1/deployments/alias/chat/completions")).Refusal().Code.ShouldBe("request_too_large_for_limit");
        (await host.AskAsync(TokenHost.Body(400), "/v1/deployments/unknown/chat/completions")).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData(BudgetPeriod.Day, "2030-01-31T23:59:59", "2030-02-01T00:00:00")]
    [InlineData(BudgetPeriod.Month, "2030-01-31T23:59:59", "2030-02-01T00:00:00")]
    [InlineData(BudgetPeriod.Day, "2030-01-01T23:59:59", "2030-01-02T00:00:00")]
    public async Task A_budget_begins_anew_with_the_calendar(BudgetPeriod period, string last, string next)
    {
        await using var host = await StartAsync(
            budget => (budget.Amount, budget.Period) = (0.001m, period), connection => connection.WriteJsonAsync(TokenHost.Usage(10, 400)));
        host.Time.Advance(Utc(last) - host.Time.GetUtcNow());
        await host.AskAsync(TokenHost.Body(400));
        (await host.AskAsync(TokenHost.Body(400))).Status.ShouldBe(429);

        host.Time.Advance(Utc(next) - host.Time.GetUtcNow());

        (await host.AskAsync(TokenHost.Body(400))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_month_does_not_end_with_a_day()
    {
        await using var host = await StartAsync(budget => budget.Amount = 0.001m, connection => connection.WriteJsonAsync(TokenHost.Usage(10, 400)));
        await host.AskAsync(TokenHost.Body(400));

        host.Time.Advance(TimeSpan.FromDays(30.9));

        (await host.AskAsync(TokenHost.Body(400))).Status.ShouldBe(429);
    }

    [Fact]
    public async Task A_call_that_ends_in_another_period_is_settled_where_it_began()
    {
        await using var host = await StartAsync(budget => (budget.Amount, budget.Period) = (0.001m, BudgetPeriod.Day), _ => Task.CompletedTask);
        host.Time.Advance(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
        var asking = host.AskAsync(TokenHost.Body(400));
        var call = await host.Upstream.NextRequestAsync();
        host.Time.Advance(TimeSpan.FromSeconds(2));

        await call.WriteJsonAsync(TokenHost.Usage(10, 400));

        (await asking).Status.ShouldBe(200);
        await host.ShouldHaveSpentAsync(0, "2030-01-02");
    }

    [Theory]
    [InlineData("""{"model":"nobody","max_tokens":1}""", "The model 'nobody' has no price here, so it cannot be asked for.")]
    [InlineData("""{"max_tokens":1}""", "The model '' has no price here, so it cannot be asked for.")]
    [InlineData("""{"model":"m","max_tokens":1,"service_tier":"priority"}""", "The model 'm' has no price in the service tier 'priority' here, so it cannot be asked for.")]
    public async Task A_model_without_a_price_is_refused(string body, string message)
    {
        await using var host = await StartAsync(budget => budget.Amount = 1);

        var refused = await host.AskAsync(body);

        refused.Refusal().ShouldBe((400, "model_not_priced", "model"));
        refused.Message.ShouldBe(message);
        host.Calls.ShouldBe(0);
    }

    [Fact]
    public async Task Models_without_a_price_can_be_let_pass()
    {
        await using var host = await StartAsync(budget => (budget.Amount, budget.AllowUnpricedModels) = (0.000001m, true));

        (await host.AskAsync("""{"model":"nobody","max_tokens":1000}""")).Status.ShouldBe(200);
        (await host.AskAsync(TokenHost.Body(1_000))).Refusal().ShouldBe((400, "request_too_large_for_limit", "max_tokens"));
    }

    [Fact]
    public async Task A_service_tier_has_its_own_price()
    {
        await using var host = await StartAsync(
            budget => budget.Amount = 1, connection => connection.WriteJsonAsync("""{"model":"m","service_tier":"flex","usage":{"prompt_tokens":10,"completion_tokens":10}}"""));

        (await host.AskAsync(TokenHost.Body(100, ",\"service_tier\":\"flex\""))).Status.ShouldBe(200);

        await host.ShouldHaveSpentAsync(10 * 0.5m / Million + 10 * 1 / Million);
    }

    [Fact]
    public async Task The_dearest_of_the_models_that_may_answer_is_reserved()
    {
        await using var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoute("/v1/{**path}", "first").UseBudget(budget => budget.Amount = 0.001m),
            builder =>
            {
                AddPrices(builder);
                builder.Services.AddOpenAiUpstream("first", upstream =>
                {
                    upstream.AddNode("http://127.0.0.1:1");
                    upstream.FallbackTo("openai", fallback => fallback.Models["m"] = "dear");
                });
            });

        (await host.AskAsync(TokenHost.Body(100))).Refusal().ShouldBe((400, "request_too_large_for_limit", "max_tokens"));
    }

    [Fact]
    public async Task A_fallbacks_answer_costs_what_the_model_costs_that_was_sent()
    {
        await using var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoute("/v1/{**path}", "first").UseBudget(
                budget => (budget.Amount, budget.Group, budget.Key, budget.KeyType) = (1, "g", "everybody", LimitKeyType.Constant)),
            builder =>
            {
                AddPrices(builder);
                builder.Services.AddOpenAiUpstream("first", upstream =>
                {
                    upstream.AddNode("http://127.0.0.1:1");
                    upstream.FallbackTo("openai", fallback => fallback.Models["m"] = "dear");
                });
            },
            connection => connection.WriteJsonAsync("""{"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}"""));

        (await host.AskAsync(TokenHost.Body(100))).Status.ShouldBe(200);

        await host.ShouldHaveSpentAsync((10 + (5 * 100)) / Million);
    }

    // Less than the smallest part of money that a counter knows.
    [Fact]
    public async Task Many_small_calls_are_not_free()
    {
        await using var host = await StartAsync(
            budget => budget.Amount = 0.001m,
            connection => connection.WriteJsonAsync("""{"model":"cheap","usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"""));

        await host.AskAsync("""{"model":"cheap","max_tokens":1}""");
        await host.AskAsync("""{"model":"cheap","max_tokens":1}""");

        await host.ShouldHaveSpentAsync(2 * 0.000000001m);
    }

    [Fact]
    public async Task A_call_in_the_background_keeps_what_it_reserved()
    {
        await using var host = await StartAsync(
            budget => budget.Amount = 1, connection => connection.WriteJsonAsync("""{"object":"response","status":"queued","usage":null}"""));

        (await host.AskAsync("""{"model":"m","background":true,"max_output_tokens":500}""", "/v1/responses")).Status.ShouldBe(200);

        // 40 bytes in names and values, and all the output that there may be.
        await host.ShouldHaveSpentAsync((40 + (500 * 2)) / Million);
    }

    [Fact]
    public async Task A_service_tier_that_costs_more_is_reserved_as_such()
    {
        await using var host = await StartAsync(budget => budget.Amount = 0.001m);

        (await host.AskAsync(TokenHost.Body(100, ",\"service_tier\":\"rush\""))).Refusal().ShouldBe((400, "request_too_large_for_limit", "max_tokens"));
        (await host.AskAsync(TokenHost.Body(100, ",\"service_tier\":\"flex\""))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_bridged_model_costs_what_its_chat_model_costs()
    {
        await using var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoute("/v1/completions", "openai").BridgeCompletions(bridge => bridge.Map("text-davinci-003", "m"))
                .UseBudget(budget => (budget.Amount, budget.Group, budget.Key, budget.KeyType) = (1, "g", "everybody", LimitKeyType.Constant)),
            AddPrices,
            connection => connection.WriteJsonAsync(
                """{"id":"chatcmpl-1","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12}}"""));

        (await host.AskAsync("""{"model":"text-davinci-003","prompt":["a","b"],"max_tokens":9}""", "/v1/completions")).Status.ShouldBe(200);

        await host.ShouldHaveSpentAsync(2 * (7 + 10) / Million);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Of_a_thousand_parallel_calls_none_costs_money_beyond_the_budget(bool hasTokenLimit)
    {
        const decimal Amount = 0.02m;
        var cost = new ConcurrentBag<decimal>();
        await using var host = await StartAsync(
            budget => budget.Amount = Amount,
            async connection =>
            {
                using var request = JsonDocument.Parse(connection.Request.Body);
                var (input, output) = (Random.Shared.Next(1, 15), Random.Shared.NextInt64(0, request.RootElement.GetProperty("max_tokens").GetInt64() + 1));
                var isError = output % 7 == 0;
                if (!isError)
                {
                    cost.Add((input + (2 * output)) / Million);
                }

                await connection.WriteJsonAsync(isError ? "{}" : TokenHost.Usage(input, output), isError ? 400 : 200);
            },
            route =>
            {
                if (hasTokenLimit)
                {
                    route.UseLimitTokens(limit => TokenHost.Of(limit, 3_000));
                }
            });

        var answers = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(call => host.AskAsync(TokenHost.Body(50 + (call % 100)))));

        cost.Sum().ShouldBeInRange(0.000001m, Amount);
        answers.ShouldContain(answer => answer.Status == 429);
        await host.ShouldHaveSpentAsync(cost.Sum());
    }

    internal static void AddPrices(WebApplicationBuilder builder) => builder.Services.AddOpenAiUsage(usage =>
    {
        usage.Prices["m"] = new ModelPriceOptions
        {
            Input = 1,
            Output = 2,
            Tiers = { ["flex"] = new TierPriceOptions { Input = 0.5m, Output = 1 }, ["rush"] = new TierPriceOptions { Input = 10, Output = 20 } },
        };
        usage.Prices["cheap"] = new ModelPriceOptions { Input = 0.00001m, Output = 0.00001m };
        usage.Prices["dear"] = new ModelPriceOptions { Input = 1, Output = 100 };
    });

    private static DateTimeOffset Utc(string time) => DateTimeOffset.Parse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static Task<RouteHost> StartAsync(
        Action<BudgetOptions> configure, Func<UpstreamConnection, Task>? script = null, Action<OpenAiRouteBuilder>? route = null) => RouteHost.StartAsync(
            app =>
            {
                var mapped = app.MapOpenAiRoute("/v1/{**path}", "openai").UseBudget(budget =>
                {
                    (budget.Group, budget.Key, budget.KeyType) = ("g", "everybody", LimitKeyType.Constant);
                    configure(budget);
                });
                route?.Invoke(mapped);
            },
            AddPrices,
            script ?? (connection => connection.WriteJsonAsync(TokenHost.Usage(10, 5))));
}
