using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway.Tests.Usage;

public sealed class UsageSummaryTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly ManualTimeProvider _time = new(Noon);

    [Fact]
    public async Task Calls_add_up_for_each_consumer_model_and_hour()
    {
        var summary = new UsageSummary(24, _time);

        await AddAsync(
            summary,
            At(Noon) with { Cost = 0.5m },
            At(Noon.AddMinutes(59)) with { Cost = 0.25m, IsEstimated = true, Usage = new(40, 0), Ending = UsageEnding.UpstreamCut },
            At(Noon) with { Ending = UsageEnding.Ok },
            At(Noon) with { Consumer = "consumer2" },
            At(Noon) with { Consumer = null },
            At(Noon.AddMinutes(-1)),
            At(Noon) with { AnsweredModel = null, SentModel = null, AskedModel = null });

        var rows = summary.GetRows();
        rows.Count.ShouldBe(5);
        var row = rows.Single(row => row is { Consumer: "consumer1", Model: "gpt-4o-2024-08-06" } && row.Hour == Noon);
        (row.Calls, row.Cost, row.CallsWithoutCost).ShouldBe((3, 0.75m, 1));
        row.Tokens.ShouldBe(Records.Chat.Usage + Records.Chat.Usage + new TokenUsage(40, 0));
        row.EstimatedTokens.ShouldBe(new TokenUsage(40, 0));
        row.EstimatedShare.ShouldBe(40 / 280.0);
        row.Endings.ShouldBe([KeyValuePair.Create(UsageEnding.Ok, 2L), KeyValuePair.Create(UsageEnding.UpstreamCut, 1L)], ignoreOrder: true);
        rows[^1].Hour.ShouldBe(Noon.AddHours(-1));
        rows.ShouldContain(one => one.Model == null);
    }

    [Fact]
    public async Task Rows_are_forgotten_after_their_hours()
    {
        var summary = new UsageSummary(2, _time);
        await AddAsync(summary, At(Noon.AddHours(-2)), At(Noon.AddHours(-1)), At(Noon));
        summary.GetRows().Select(row => row.Hour).ShouldBe([Noon, Noon.AddHours(-1)]);

        _time.Advance(TimeSpan.FromHours(1));
        summary.GetRows().Select(row => row.Hour).ShouldBe([Noon]);

        _time.Advance(TimeSpan.FromHours(1));
        summary.GetRows().ShouldBeEmpty();
    }

    [Fact]
    public async Task Too_many_rows_are_one_and_no_token_is_lost()
    {
        var summary = new UsageSummary(1, _time);

        await AddAsync(summary, [.. Enumerable.Range(0, 12_000).Select(number => At(Noon) with { AnsweredModel = "model" + number })]);

        var rows = summary.GetRows();
        rows.Count.ShouldBe(10_001);
        rows.Single(row => row is { Consumer: "other", Model: "other" }).Calls.ShouldBe(2000);
        rows.Sum(row => row.Tokens.Total).ShouldBe(12_000 * 120);
    }

    [Fact]
    public async Task A_row_that_was_given_out_does_not_change()
    {
        var summary = new UsageSummary(1, _time);
        await AddAsync(summary, At(Noon));
        var before = summary.GetRows().ShouldHaveSingleItem();

        await AddAsync(summary, At(Noon));

        before.Calls.ShouldBe(1);
        before.Endings[UsageEnding.Ok].ShouldBe(1);
    }

    [Fact]
    public async Task It_can_be_injected_and_is_filled_when_it_has_hours()
    {
        await using var host = await UsageHost.StartAsync(usage => usage.SummaryHours = 1);

        host.Ledger.Add(Records.Chat);
        await host.StopAsync();

        host.Services.GetRequiredService<UsageSummary>().GetRows().ShouldHaveSingleItem().Calls.ShouldBe(1);
    }

    [Fact]
    public async Task Without_hours_it_stays_empty()
    {
        await using var host = await UsageHost.StartAsync();

        host.Ledger.Add(Records.Chat);
        await host.StopAsync();

        host.Services.GetRequiredService<UsageSummary>().GetRows().ShouldBeEmpty();
    }

    private static UsageRecord At(DateTimeOffset time) => Records.Chat with { Time = time };

    private static async Task AddAsync(UsageSummary summary, params UsageRecord[] records) =>
        await summary.WriteAsync(records, CancellationToken.None);
}
