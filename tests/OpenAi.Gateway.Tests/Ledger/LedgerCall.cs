using System.Globalization;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>One call of a client, drawn from the run's seed: what is asked, what befalls it on its way, and whether the client stays.</summary>
internal sealed record LedgerCall(int Id, LedgerRoute Route, LedgerQuestion Question, IReadOnlyList<LedgerFault> Faults, double? LeavesAt, bool HasWrongPassword)
{
    private const int Consumers = 8;

    private static readonly ModelOperation[] Operations =
        [ModelOperation.ChatCompletions, ModelOperation.ChatCompletions, ModelOperation.Completions, ModelOperation.Responses, ModelOperation.Embeddings];

    /// <summary>Names the call and, before the dash, its consumer, so that each record can be told from the others.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"c{Id % Consumers}-{Id}");

    public string Consumer => Name[..Name.IndexOf('-', StringComparison.Ordinal)];

    /// <summary>
    /// Up to which part of its answer the stand-in goes for a client that leaves there, so that it does leave before the end; null when it goes on.
    /// Where others want the answer too, or it gets another form, the client leaves when it may.
    /// </summary>
    public double? HeldAt => Route is LedgerRoute.Cached or LedgerRoute.Bridged || LeavesAt < 0 || Id % 2 == 0 ? null : LeavesAt;

    public static LedgerCall Draw(int id, int seed)
    {
        var random = new Random(unchecked((seed * 1_000_003) + id));
        var route = random.Next(20) switch
        {
            < 7 => LedgerRoute.Plain,
            < 9 => LedgerRoute.Unasked,
            < 13 => LedgerRoute.Cached,
            < 14 => LedgerRoute.Limited,
            < 17 => LedgerRoute.Fallback,
            _ => LedgerRoute.Bridged,
        };

        // On the cached route, several calls ask the same at about the same time; on the others each its own.
        var asked = route == LedgerRoute.Cached ? (id / 100 * 100) + random.Next(4) : id;
        var answer = new Random(unchecked((seed * 1_000_003) + ((int)route * 100_003) + asked + 1));
        var operation = route == LedgerRoute.Bridged ? ModelOperation.Completions : Operations[answer.Next(Operations.Length)];
        var isStream = operation != ModelOperation.Embeddings && random.Next(3) > 0;
        var asksForUsage = isStream && operation.TellsUsageOnRequest() && random.Next(3) == 0;
        var question = new LedgerQuestion(operation, string.Create(CultureInfo.InvariantCulture, $"m-{asked}"), answer.Next(), isStream, asksForUsage)
        {
            Prompts = route == LedgerRoute.Bridged ? answer.Next(1, 5) : 1,
        };
        if (route == LedgerRoute.Cached && operation.TellsUsageOnRequest())
        {
            // One entry serves all forms, and followers want another one than their leader.
            question = question with { IsStream = random.Next(3) > 0 };
            question = question with { AsksForUsage = question.IsStream && random.Next(3) == 0 };
        }

        // Most attempts go well, and most clients stay.
        var faults = Enumerable.Range(0, 4).Select(_ => random.Next(5) == 0 ? (LedgerFault)random.Next(1, 7) : LedgerFault.None).ToArray();
        double? leavesAt = random.Next(10) == 0 ? random.Next(3) == 0 ? -1 : random.NextDouble() : null;
        return new LedgerCall(id, route, question, faults, leavesAt, HasWrongPassword: random.Next(40) == 0);
    }

    public override string ToString() => $"call {Id} ({Route}, {Question}, {string.Join('+', Faults)}, leaves at {LeavesAt})";
}
