using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>
/// Random calls through the whole gateway, with all that can befall them, against a stand-in for OpenAI that keeps its own ledger.
/// <c>LEDGER_CALLS</c> says how many, <c>LEDGER_SEED</c> which.
/// </summary>
public sealed class LedgerTests(ITestOutputHelper output)
{
    private const int CallsOfOneRun = 5_000;
    private const int Concurrency = 64;

    [Fact]
    public async Task Not_one_token_differs_from_the_ledger_of_the_upstream()
    {
        var seed = Setting("LEDGER_SEED", Random.Shared.Next());
        var left = Setting("LEDGER_CALLS", CallsOfOneRun);
        for (; left > 0; left -= CallsOfOneRun, seed++)
        {
            try
            {
                await RunAsync(seed, Math.Min(left, CallsOfOneRun));
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"The run with LEDGER_SEED={seed} failed: {error.Message}", error);
            }
        }
    }

    private async Task RunAsync(int seed, int count)
    {
        var began = Stopwatch.GetTimestamp();
        var calls = Enumerable.Range(0, count).Select(id => LedgerCall.Draw(id, seed)).ToArray();
        var clock = new LedgerClock();
        var outcomes = new ConcurrentBag<LedgerOutcome>();
        await using var upstream = await LedgerUpstream.StartAsync(clock);
        await using var gateway = await LedgerGateway.StartAsync(upstream, clock, calls);
        using (var client = new LedgerClient(gateway))
        {
            await Parallel.ForEachAsync(calls, new ParallelOptions { MaxDegreeOfParallelism = Concurrency }, async (call, _) => outcomes.Add(await client.CallAsync(call)));
            await gateway.Sink.WhenAsync(count);
        }

        await gateway.DisposeAsync();
        clock.Timers.ShouldBe(0, "attempts that were not disposed");
        gateway.Counter.Unsettled.ShouldBe(0, "tokens that stay reserved");
        Check(outcomes, upstream, gateway);
        gateway.Logs.Entries.Where(entry => entry is { EventId.Name: "ApplicationError", Exception: not AnswerCutException }).ShouldBeEmpty();
        var endings = gateway.Sink.Records.GroupBy(record => (record.Ending, record.IsEstimated)).OrderBy(group => group.Key);
        output.WriteLine($"seed {seed}: {count} calls in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s: "
            + string.Join(", ", endings.Select(group => $"{group.Key.Ending}{(group.Key.IsEstimated ? " (estimated)" : "")} {group.Count()}")));
    }

    private static void Check(ConcurrentBag<LedgerOutcome> outcomes, LedgerUpstream upstream, LedgerGateway gateway)
    {
        var records = gateway.Sink.Records;
        // One record for each call, no more and no less. Who has the wrong password is nobody.
        records.Count.ShouldBe(outcomes.Count);
        var named = records.Where(record => record.Consumer is not null).ToDictionary(record => record.Consumer!);
        var nameless = records.Where(record => record.Consumer is null).ToArray();
        nameless.Length.ShouldBe(outcomes.Count(outcome => outcome.Call.HasWrongPassword));
        nameless.ShouldAllBe(record => record.Usage == default && !record.IsEstimated && record.Ending == UsageEnding.Rejected && record.Attempts == 0);

        var known = outcomes.Where(outcome => !outcome.Call.HasWrongPassword).ToArray();
        var broken = new List<Exception>();
        foreach (var outcome in known)
        {
            try
            {
                named.ShouldContainKey(outcome.Call.Name, $"{outcome}");
                LedgerLaws.Check(outcome, upstream.EntriesOf(outcome.Call.Name), named[outcome.Call.Name]);
                LedgerLaws.CheckLimit(named[outcome.Call.Name], gateway.Counter.SettledOf(outcome.Call.Name));
            }
            catch (ShouldAssertException error)
            {
                broken.Add(error);
            }
        }

        if (broken.Count > 0)
        {
            Assert.Fail($"{broken.Count} calls broke a law, the first ones: {string.Join("\n\n", broken.Take(3).Select(error => error.Message))}");
        }

        foreach (var consumer in known.GroupBy(outcome => outcome.Call.Consumer))
        {
            var sure = consumer.Where(outcome => !named[outcome.Call.Name].IsEstimated).Select(outcome => outcome.Call.Name).ToArray();
            Sum(sure.Select(name => named[name].Usage)).ShouldBe(Sum(sure.SelectMany(upstream.EntriesOf).Select(entry => entry.Charged)));
        }

        var limited = known.Where(outcome => outcome.Call.Route == LedgerRoute.Limited).ToArray();
        limited.Count(outcome => named[outcome.Call.Name].Ending == UsageEnding.Rejected).ShouldBe(Math.Max(0, limited.Length - LedgerGateway.Limit));
    }

    private static TokenUsage Sum(IEnumerable<TokenUsage> usages) => usages.Aggregate(default(TokenUsage), (sum, usage) => sum + usage);

    private static int Setting(string name, int standard) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : standard;
}
