namespace OpenAi.Gateway.Tests.Usage;

/// <summary>Records as the gateway makes them.</summary>
internal static class Records
{
    /// <summary>A chat, made anew each time: the ledger puts the price on the record itself.</summary>
    public static UsageRecord Chat => new()
    {
        Id = new Guid("01a20fa0-c81b-7fdb-8644-67880f3abe4f"),
        Time = new DateTimeOffset(2030, 1, 1, 0, 30, 0, TimeSpan.Zero),
        Consumer = "consumer1",
        Route = "/v1/chat/completions",
        Upstream = "openai",
        Node = "https://api.openai.com/",
        Operation = ModelOperation.ChatCompletions,
        AskedModel = "small",
        SentModel = "gpt-4o",
        AnsweredModel = "gpt-4o-2024-08-06",
        Usage = new TokenUsage(100, 20, CachedInput: 60, CacheWriteInput: 5, Reasoning: 7),
        IsStreamed = true,
        Ending = UsageEnding.Ok,
        Status = 200,
        Attempts = 1,
        TimeToFirstToken = TimeSpan.FromSeconds(0.5),
        Duration = TimeSpan.FromSeconds(2.9),
    };

    /// <summary>So many records that are told apart by their status.</summary>
    public static IEnumerable<UsageRecord> Numbered(int count) => Enumerable.Range(0, count).Select(At);

    private static UsageRecord At(int number) => Chat with { Status = number };
}
