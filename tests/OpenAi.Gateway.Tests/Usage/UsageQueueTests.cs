using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace OpenAi.Gateway.Tests.Usage;

public class UsageQueueTests
{
    [Fact]
    public async Task Many_records_do_not_wait_for_the_end_of_the_rest()
    {
        using var services = new ServiceCollection().AddLogging().AddMetrics().AddOpenAiUsage(_ => { }).BuildServiceProvider();
        var sink = new BatchSink();
        using var queue = new UsageQueue(
            sink, 10_000, TimeSpan.FromHours(1), services.GetRequiredService<UsageMetrics>(), TimeProvider.System, NullLogger.Instance);

        // The first goes at once. Behind a crowd of more than two batches the queue rests again.
        var waiting = 0;
        foreach (var (added, most) in new[] { (1, 0), (64, 63), (600, 63), (64, 63) })
        {
            for (var i = 0; i < added; i++)
            {
                queue.Add(new UsageRecord { Id = Guid.NewGuid(), Time = DateTimeOffset.UnixEpoch, Route = "/x", Upstream = "x" });
            }

            waiting += added;
            waiting -= await sink.TakeAsync(waiting - most).SoonAsync("the records");
        }
    }
}
