using System.Text;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>What must hold between what a client saw, what the stand-in wrote down, and what the gateway recorded.</summary>
internal static class LedgerLaws
{
    private const string InBandError = "event: error\ndata: ";

    public static void Check(LedgerOutcome seen, IReadOnlyList<LedgerEntry> ledger, UsageRecord record)
    {
        var context = $"{seen}\nledger: {string.Join(", ", ledger.Select(entry => $"{entry.Fault} {entry.Charged} {entry.HasServedUsage}"))}\n{record}";
        var charged = ledger.Aggregate(default(TokenUsage), (sum, entry) => sum + entry.Charged);

        // Not one token differs, unless the record says that it does not know.
        (record.IsEstimated || record.Usage == charged).ShouldBeTrue(context);
        var isClear = ledger.All(entry => entry.Fault == LedgerFault.Status || entry is { Fault: LedgerFault.None, HasServedUsage: true });
        if (seen.IsWhole && isClear && (seen.Status == 200 || seen.Call.Route != LedgerRoute.Bridged))
        {
            record.IsEstimated.ShouldBeFalse(context);
        }

        // Not every attempt reaches the stand-in: the client may leave before, or another prompt of the request run out of time.
        var isExact = seen.IsWhole && seen.Call.Route != LedgerRoute.Bridged;
        (isExact ? record.Attempts == ledger.Count : record.Attempts >= ledger.Count).ShouldBeTrue(context);

        // Nobody read the body of a call that was refused, or whose client left at once.
        var mayLackModel = record.AskedModel is null && (seen.End == LedgerEnd.Left || record.Ending == UsageEnding.Rejected);
        (mayLackModel || record.AskedModel == seen.Call.Question.Model).ShouldBeTrue(context);
        EndingsOf(seen, ledger).ShouldContain(record.Ending, context);
        if (record.Ending is UsageEnding.Rejected or UsageEnding.CacheHit or UsageEnding.Follower)
        {
            (record.Usage, record.IsEstimated, ledger.Count).ShouldBe((default, false, 0), context);
        }

        CheckTimes(seen, record, context);
        CheckBytes(seen, context);
    }

    /// <summary>A limit of tokens settles once, with what is recorded.</summary>
    public static void CheckLimit(UsageRecord record, IReadOnlyList<long> settled)
    {
        settled.Count.ShouldBeLessThanOrEqualTo(1, $"{record}");
        (settled.Count == 1 || record.Usage == default || !record.Route.StartsWith($"/{LedgerRoute.Plain}", StringComparison.Ordinal)).ShouldBeTrue($"{record}");
        foreach (var tokens in settled)
        {
            (tokens == record.Usage.Total || (record.IsEstimated && tokens < record.Usage.Total)).ShouldBeTrue($"{tokens} settled: {record}");
        }
    }

    private static UsageEnding[] EndingsOf(LedgerOutcome seen, IReadOnlyList<LedgerEntry> ledger)
    {
        if (seen.End == LedgerEnd.Left)
        {
            // It may have been over before the client left; and one that leaves within its request has sent half a body, which is refused.
            return [.. Enum.GetValues<UsageEnding>().Where(ending => ending != UsageEnding.Rejected || seen.Call.Route == LedgerRoute.Limited || seen.Call.LeavesAt < 0)];
        }

        return seen switch
        {
            { IsWhole: true, Status: 200, CacheStatus: "HIT" } => [UsageEnding.CacheHit, UsageEnding.Follower],
            { IsWhole: true, Status: 200 } => [UsageEnding.Ok],
            { IsWhole: true } when seen.Text.Contains("\"stand_in\"", StringComparison.Ordinal) => [UsageEnding.UpstreamError],
            { IsWhole: true, Status: 429 } => [UsageEnding.Rejected],
            { IsWhole: true, Status: 502 } => [UsageEnding.UpstreamCut],
            { IsWhole: true, Status: 503 } => [UsageEnding.Rejected, UsageEnding.UpstreamCut],
            { IsWhole: true, Status: 504 } => [UsageEnding.Timeout],
            { End: LedgerEnd.Broken, CacheStatus: "HIT" } => [UsageEnding.Follower],
            { End: LedgerEnd.Broken, Call.Route: LedgerRoute.Bridged } => [UsageEnding.Timeout, UsageEnding.UpstreamCut],
            { End: LedgerEnd.Broken } when ledger is [.., { Fault: LedgerFault.Stall }] => [UsageEnding.Timeout],
            { End: LedgerEnd.Broken } when ledger is [.., { Fault: LedgerFault.Reset or LedgerFault.Close }] => [UsageEnding.UpstreamCut],
            _ => [],
        };
    }

    private static void CheckTimes(LedgerOutcome seen, UsageRecord record, string context)
    {
        (record.TimeToFirstToken is not { } first || first <= record.Duration).ShouldBeTrue(context);
        record.Duration.ShouldBeGreaterThanOrEqualTo(TimeSpan.Zero, context);
        if (record.Ending == UsageEnding.Ok && seen.IsWhole)
        {
            record.IsStreamed.ShouldBe(seen.Call.Question.IsStream, context);
            (record.TimeToFirstToken is not null).ShouldBe(record.IsStreamed, context);
            (record.Status, record.AnsweredModel).ShouldBe((200, (seen.Call.Route == LedgerRoute.Bridged ? "chat" : seen.Call.Question.Model) + "-2026"), context);
        }

        if (seen.Status != 0 && seen.IsWhole)
        {
            record.Status.ShouldBe(seen.Status, context);
        }

        if (record.Ending == UsageEnding.ClientLeftBeforeFirstToken)
        {
            (seen.Call.Route == LedgerRoute.Bridged ? 0 : seen.Body.Length).ShouldBeLessThan(seen.Call.Question.IsStream ? LedgerAnswer.To(seen.Call.Question).FirstTextEnd : 1, context);
        }
    }

    // The client gets what it would have got from the stand-in itself, or a beginning that does not look whole.
    private static void CheckBytes(LedgerOutcome seen, string context)
    {
        // The bridge writes another form, and the cache may make the one of the other; they have tests of their own.
        if (seen.Status != 200 || seen.Call.Route == LedgerRoute.Bridged || seen.CacheStatus == "HIT")
        {
            return;
        }

        var (expected, body) = (LedgerAnswer.To(seen.Call.Question).Bytes, seen.Body);
        if (seen.IsWhole)
        {
            body.AsSpan().SequenceEqual(expected).ShouldBeTrue(context);
            return;
        }

        if (seen.Call.Question.IsStream && body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(InBandError)) is var error and >= 0)
        {
            body = body[..error];
            seen.Text.IndexOf("data: [DONE]\n", StringComparison.Ordinal).ShouldBe(-1, context);
        }

        // Or it left while it was told so.
        var told = Enumerable.Range(0, InBandError.Length).LastOrDefault(length => seen.Call.Question.IsStream && seen.Text.EndsWith(InBandError[..length], StringComparison.Ordinal));
        (expected.AsSpan().StartsWith(body) || expected.AsSpan().StartsWith(body.AsSpan()[..^told])).ShouldBeTrue(context);
    }
}
