using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

/// <summary>What happens with the record of an ended call: it gets its price, is measured, and goes to every sink.</summary>
internal sealed class UsageLedger(
    IEnumerable<UsageSink> sinks,
    int queueCapacity,
    ModelPrices prices,
    UsageMetrics metrics,
    GenAiMetrics genAi,
    TimeProvider time,
    ILogger<UsageLedger> logger) : IDisposable
{
    private static readonly TimeSpan DrainDeadline = TimeSpan.FromSeconds(5);

    private readonly UsageQueue[] _queues = [.. sinks.Select(sink => new UsageQueue(sink, queueCapacity, UsageQueue.DefaultRest, metrics, time, logger))];
    private readonly UnpricedModels _unpriced = new(prices, logger);
    private Task? _draining;

    /// <summary>Whether anybody wants records, so that answers need to be read for their usage at all.</summary>
    public bool IsOn => _queues.Length > 0 || genAi.IsEnabled || metrics.IsEnabled;

    /// <summary>Cancelled when the host that stops has no more time for open calls: the server cuts them off then.</summary>
    public CancellationToken CutOff { get; set; }

    /// <summary>Takes the record of an ended call. Never waits and never throws.</summary>
    public void Add(UsageRecord record)
    {
        SetCost(record);
        genAi.Record(record);
        metrics.Recorded(record);
        foreach (var queue in _queues)
        {
            queue.Add(record);
        }
    }

    /// <summary>Gives the sinks what waits for them, for five seconds at most, and once.</summary>
    public Task DrainAsync() => _draining ??= Task.WhenAll(_queues.Select(queue => queue.DrainAsync(DrainDeadline)));

    public void Dispose()
    {
        foreach (var queue in _queues)
        {
            queue.Dispose();
        }
    }

    private void SetCost(UsageRecord record)
    {
        if (record.IsUnread)
        {
            return;
        }

        var known = record.Calls is { } calls
            ? prices.Cost(calls)
            : prices.Cost(record.Usage, record.AnsweredModel, record.SentModel, record.ServiceTier);
        if (known is { } cost)
        {
            record.SetCost(cost, prices.Currency);
        }
        else
        {
            _unpriced.Warn(record);
        }
    }
}
