using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway.Tests.Usage;

public sealed class UsageLogTests
{
    [Fact]
    public async Task Each_call_is_one_structured_line()
    {
        var entry = await LogAsync(Records.Chat);

        (entry.Level, entry.Category).ShouldBe((LogLevel.Information, "OpenAi.Gateway.Usage"));
        entry.Message.ShouldBe(
            "consumer1 on /v1/chat/completions: ChatCompletions of gpt-4o-2024-08-06, 100 + 20 tokens (reported), Ok, cost 0.00014 EUR.");
        entry.Details.ShouldContain("Consumer=consumer1");
        entry.Details.ShouldContain("InputTokens=100");
        entry.Details.ShouldContain("OutputTokens=20");
        entry.Details.ShouldContain("Ending=Ok");
    }

    [Fact]
    public async Task An_unknown_cost_and_an_estimate_say_so() =>
        (await LogAsync(new UsageRecord
        {
            Id = Guid.Empty,
            Time = default,
            Route = "/r",
            Upstream = "openai",
            Usage = new TokenUsage(3, 0),
            IsEstimated = true,
            Ending = UsageEnding.UpstreamCut,
        })).Message.ShouldBe("- on /r: Other of -, 3 + 0 tokens (estimated), UpstreamCut, cost unknown.");

    [Theory]
    [InlineData("a\r\nINFO: forged", "a??INFO: forged")]
    [InlineData("a\u001b[31m", "a?[31m")]
    [InlineData("a\u2028b\u202eb\u0085\u007f", "a?b?b??")]
    [InlineData("modèle-日本", "modèle-日本")]
    [InlineData("", "")]
    public async Task What_a_client_wrote_cannot_forge_a_line(string name, string logged) =>
        (await LogAsync(Records.Chat with { AnsweredModel = null, SentModel = null, AskedModel = name, Consumer = name }))
            .Message.ShouldStartWith($"{logged} on /v1/chat/completions: ChatCompletions of {logged}, ");

    [Fact]
    public async Task A_long_name_is_cut() =>
        (await LogAsync(Records.Chat with { AnsweredModel = new string('x', 100_000) })).Message.Length.ShouldBeLessThan(400);

    private static async Task<LogEntry> LogAsync(UsageRecord record)
    {
        await using var host = await UsageHost.StartAsync(usage =>
        {
            usage.Log = true;
            usage.Currency = "EUR";
            usage.Prices["gpt-4o"] = new ModelPriceOptions { Input = 1, Output = 2 };
        });
        host.Ledger.Add(record);
        await host.StopAsync();
        return host.Logs.Entries.Where(entry => entry.EventId.Id == 1602).ShouldHaveSingleItem();
    }
}
