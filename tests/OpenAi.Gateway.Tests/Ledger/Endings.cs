using System.Text;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>What the tests of endings look at.</summary>
internal static class Endings
{
    public static (UsageEnding Ending, TokenUsage Usage, bool IsEstimated, int Status, int Attempts) Facts(UsageRecord record) =>
        (record.Ending, record.Usage, record.IsEstimated, record.Status, record.Attempts);

    public static long Estimate(string body)
    {
        ModelRequestReader.Read(ModelOperation.ChatCompletions, Encoding.UTF8.GetBytes(body), maxDepth: 64, out var request).ShouldBeNull();
        return (request!.InputBytes + 3) / 4;
    }

    public static async Task ReadAsync(HttpResponseMessage answer)
    {
        using (answer)
        {
            await answer.Content.ReadAsByteArrayAsync().SoonAsync();
        }
    }
}
