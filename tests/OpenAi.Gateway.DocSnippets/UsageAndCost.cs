namespace OpenAi.Gateway.DocSnippets;

internal static class UsageAndCost
{
    public static void Add(WebApplicationBuilder builder)
    {
        #region UsageAndCost.Add
        builder.Services.AddOpenAiUsage(usage =>
        {
            usage.Prices["gpt-4o"] = new ModelPriceOptions
            {
                Input = 2.50m,
                CachedInput = 1.25m,
                Output = 10.00m,
                Tiers = { ["flex"] = new TierPriceOptions { Input = 1.25m, Output = 5.00m } },
            };
            usage.Log = true;
            usage.File = "/var/log/gateway/usage.jsonl";
            usage.SummaryHours = 24;
        });
        #endregion
    }

    public static void Section(WebApplicationBuilder builder)
    {
        #region UsageAndCost.Section
        builder.Services.AddOpenAiUsage(builder.Configuration.GetSection("OpenAiUsage"));
        #endregion
    }

    public static async Task ReadAsync()
    {
        #region UsageAndCost.Read
        decimal cost = 0;
        await foreach (var call in UsageFile.ReadAsync("/var/log/gateway/usage.jsonl"))
        {
            cost += call.Cost ?? 0;
        }
        #endregion
    }

    public static void Summary(WebApplication app)
    {
        #region UsageAndCost.Summary
        app.MapGet("/usage", (UsageSummary summary) => summary.GetRows())
            .UseBasicAuthConsumers(app.Configuration.GetSection("Administrators"));
        #endregion
    }

    public static void Sink(WebApplicationBuilder builder)
    {
        #region UsageAndCost.Sink
        builder.Services.AddSingleton<UsageSink, DatabaseUsageSink>();
        #endregion
    }

    public static void OlderMaximum(WebApplicationBuilder builder)
    {
        #region UsageAndCost.OlderMaximum
        builder.Services.AddOpenAiUpstream("ollama", upstream =>
        {
            upstream.AddNode("http://localhost:11434");
            upstream.ChatMaxTokensField = "max_tokens";
        });
        #endregion
    }

    public static void Limits(WebApplication app)
    {
        #region UsageAndCost.Limits
        app.MapOpenAiRoute("/v1/chat/completions", upstream: "openai")
            .UseLimitTokens(limit =>
            {
                limit.Count = 100_000;
                limit.TimeWindow = TimeSpan.FromMinutes(1);
                limit.WhenMaxUnknown = WhenMaxUnknown.InjectCap;
            })
            .UseBudget(budget =>
            {
                budget.Amount = 50;
                budget.Period = BudgetPeriod.Month;
            });
        #endregion
    }
}
