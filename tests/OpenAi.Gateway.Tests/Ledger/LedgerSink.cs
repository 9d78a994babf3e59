using System.Collections.Concurrent;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>Keeps every record.</summary>
internal sealed class LedgerSink : UsageSink
{
    private readonly ConcurrentQueue<UsageRecord> _records = new();
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _expected = int.MaxValue;

    public IReadOnlyCollection<UsageRecord> Records => _records;

    public override ValueTask WriteAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken)
    {
        foreach (var record in records)
        {
            _records.Enqueue(record);
        }

        Check();
        return ValueTask.CompletedTask;
    }

    /// <summary>Completes once so many records are there. More may come behind them.</summary>
    public Task WhenAsync(int records)
    {
        Volatile.Write(ref _expected, records);
        Check();
        return _complete.Task.SoonAsync($"{records} records");
    }

    private void Check()
    {
        if (_records.Count >= Volatile.Read(ref _expected))
        {
            _complete.TrySetResult();
        }
    }
}
