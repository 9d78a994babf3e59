using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway.Tests.Usage;

/// <summary>What calls cost by the price table.</summary>
public sealed class ModelPricesTests
{
    [Theory]
    [InlineData("gpt-4o", null, "gpt-4o")]
    [InlineData("gpt-4o-2024-08-06", null, "gpt-4o")]
    [InlineData("gpt-4o-20240806", null, "gpt-4o")]
    [InlineData("gpt-4o-2030-01-01", null, "exact")]
    [InlineData("unknown", "gpt-4o", "gpt-4o")]
    [InlineData("unknown-2024-08-06", "gpt-4o-2024-08-06", "gpt-4o")]
    [InlineData(null, "gpt-4o-2024-08-06", "gpt-4o")]
    [InlineData("gpt-4o-2024-08-06", "gpt-4o-2030-01-01", "gpt-4o")]
    [InlineData("gpt-4o-2024-8-6", null, null)]
    [InlineData("gpt-4o-202408060", null, null)]
    [InlineData("gpt-4o2024-08-06", null, null)]
    [InlineData("gpt-4o-2024_08_06", null, null)]
    [InlineData("GPT-4o", null, null)]
    [InlineData("-2024-08-06", null, null)]
    [InlineData("", "", null)]
    [InlineData(null, null, null)]
    public async Task A_model_is_found_by_its_name_and_without_its_date(string? answered, string? sent, string? found)
    {
        await using var host = await StartAsync();

        host.Services.GetRequiredService<ModelPrices>().Cost(new TokenUsage(1_000_000, 0), answered, sent, null)
            .ShouldBe(found switch { "gpt-4o" => 2.5m, "exact" => 5m, _ => null });
    }

    [Theory]
    [InlineData(1000, 100, 0, 0.0035)]
    [InlineData(1000, 100, 400, 0.0030)]
    [InlineData(1000, 0, 1000, 0.00125)]
    [InlineData(1000, 0, 5000, 0.00125)]
    [InlineData(1, 0, 0, 0.0000025)]
    [InlineData(0, 1, 0, 0.00001)]
    public async Task Cached_input_is_charged_apart(long input, long output, long cached, decimal cost)
    {
        await using var host = await StartAsync();

        host.Services.GetRequiredService<ModelPrices>().Cost(new TokenUsage(input, output, cached), "gpt-4o", null, null).ShouldBe(cost);
    }

    [Theory]
    [InlineData("m", null, 0, 0, 10)]
    [InlineData("m", null, 400_000, 0, 9)]
    [InlineData("m", null, 400_000, 100_000, 9.25)]
    [InlineData("m", null, 400_000, 700_000, 10.5)]
    [InlineData("m", "flex", 0, 1_000_000, 6)]
    [InlineData("plain", null, 0, 1_000_000, 10)]
    public async Task Input_that_was_written_to_the_providers_cache_is_charged_apart(string model, string? tier, long cached, long written, decimal cost)
    {
        await using var host = await UsageHost.StartAsync(usage =>
        {
            var flex = new TierPriceOptions { Input = 5, CacheWriteInput = 6 };
            usage.Prices["m"] = new ModelPriceOptions { Input = 10, CachedInput = 7.5m, CacheWriteInput = 12.5m, Tiers = { ["flex"] = flex } };
            usage.Prices["plain"] = new ModelPriceOptions { Input = 10 };
        });

        host.Services.GetRequiredService<ModelPrices>().Cost(new TokenUsage(1_000_000, 0, cached, written), model, null, tier).ShouldBe(cost);
    }

    [Theory]
    [InlineData(null, 12.5)]
    [InlineData("", 12.5)]
    [InlineData("default", 12.5)]
    [InlineData("auto", 12.5)]
    [InlineData("flex", 6.0)]
    [InlineData("FLEX", 6.0)]
    [InlineData("priority", 25.0)]
    [InlineData("Fast", 25.0)]
    [InlineData("scale", null)]
    [InlineData("standard", null)]
    public async Task A_tier_without_a_price_of_its_own_has_no_cost(string? tier, double? cost)
    {
        await using var host = await StartAsync();

        host.Services.GetRequiredService<ModelPrices>().Cost(new TokenUsage(1_000_000, 1_000_000), "gpt-4o", null, tier).ShouldBe((decimal?)cost);
    }

    [Fact]
    public async Task A_price_of_the_tier_fast_is_one_of_priority()
    {
        await using var host = await UsageHost.StartAsync(usage =>
            usage.Prices["m"] = new ModelPriceOptions { Input = 1, Tiers = { ["fast"] = new TierPriceOptions { Input = 2 } } });

        host.Services.GetRequiredService<ModelPrices>().Cost(new TokenUsage(1_000_000, 0), "m", null, "priority").ShouldBe(2);
    }

    [Fact]
    public async Task A_model_without_an_output_price_has_a_cost_for_input_alone()
    {
        await using var host = await StartAsync();
        var prices = host.Services.GetRequiredService<ModelPrices>();

        prices.Cost(new TokenUsage(1_000_000, 0), "text-embedding-3-small", null, null).ShouldBe(0.02m);
        prices.Cost(new TokenUsage(1_000_000, 1), "text-embedding-3-small", null, null).ShouldBeNull();
    }

    [Fact]
    public async Task The_largest_numbers_do_not_overflow()
    {
        await using var host = await UsageHost.StartAsync(usage =>
            usage.Prices["m"] = new ModelPriceOptions { Input = 1_000_000_000, Output = 1_000_000_000 });

        host.Services.GetRequiredService<ModelPrices>().Cost(new TokenUsage(long.MaxValue / 2, long.MaxValue / 2, long.MaxValue), "m", null, null)
            .ShouldNotBeNull().ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task No_tokens_cost_nothing_whatever_the_model()
    {
        var sink = new HeldSink().Release();
        await using var host = await StartAsync(sink);

        host.Ledger.Add(Records.Chat with { AnsweredModel = "unknown", SentModel = null, Usage = default, Ending = UsageEnding.CacheHit });
        await host.StopAsync();

        sink.Records.ShouldHaveSingleItem().ShouldSatisfyAllConditions(record => record.Cost.ShouldBe(0), record => record.Currency.ShouldBe("USD"));
        host.Logs.Entries.ShouldNotContain(entry => entry.EventId.Id == 1603);
    }

    [Fact]
    public async Task A_model_without_a_price_has_no_cost_and_one_warning()
    {
        var sink = new HeldSink().Release();
        await using var host = await StartAsync(sink);

        for (var i = 0; i < 3; i++)
        {
            host.Ledger.Add(Records.Chat with { AnsweredModel = "new\r\nmodel", SentModel = null });
        }

        await host.StopAsync();
        sink.Records.ShouldAllBe(record => record.Cost == null && record.Currency == null);
        host.Logs.Entries.Where(entry => entry.EventId.Id == 1603).ShouldHaveSingleItem().Message.ShouldStartWith("The model 'new??model' (service tier: default)");
    }

    [Fact]
    public async Task Made_up_names_do_not_fill_the_log()
    {
        await using var host = await StartAsync(new HeldSink());

        for (var i = 0; i < 1000; i++)
        {
            host.Ledger.Add(Records.Chat with { AnsweredModel = "model" + i, SentModel = null });
        }

        host.Logs.Entries.Count(entry => entry.EventId.Id == 1603).ShouldBe(100);
    }

    [Fact]
    public async Task An_app_without_prices_is_not_warned()
    {
        await using var host = await UsageHost.StartAsync(new HeldSink());

        host.Ledger.Add(Records.Chat);

        host.Logs.Entries.ShouldNotContain(entry => entry.EventId.Id == 1603);
    }

    private static Task<UsageHost> StartAsync(params UsageSink[] sinks) => UsageHost.StartAsync(
        usage =>
        {
            usage.Prices["gpt-4o"] = new ModelPriceOptions
            {
                Input = 2.5m,
                CachedInput = 1.25m,
                Output = 10,
                Tiers = { ["flex"] = new TierPriceOptions { Input = 1, Output = 5 }, ["priority"] = new TierPriceOptions { Input = 5, Output = 20 } },
            };
            usage.Prices["gpt-4o-2030-01-01"] = new ModelPriceOptions { Input = 5, Output = 10 };
            usage.Prices["text-embedding-3-small"] = new ModelPriceOptions { Input = 0.02m };
        },
        sinks);
}
