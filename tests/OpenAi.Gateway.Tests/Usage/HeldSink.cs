using System.Collections.Concurrent;

namespace OpenAi.Gateway.Tests.Usage;

/// <summary>A sink that keeps what it gets, once the test lets it.</summary>
internal sealed class HeldSink : UsageSink
{
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<UsageRecord> _records = [];
    private int _callers;

    public IReadOnlyCollection<UsageRecord> Records => _records;

    public int LargestBatch { get; private set; }

    public bool HasMetItself { get; private set; }

    public bool IgnoresCancellation { get; init; }

    public Task WhenEnteredAsync() => _entered.Task.SoonAsync("a call of the sink");

    public HeldSink Release()
    {
        _released.TrySetResult();
        return this;
    }

    public override async ValueTask WriteAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken)
    {
        HasMetItself |= Interlocked.Increment(ref _callers) > 1;
        LargestBatch = Math.Max(LargestBatch, records.Count);
        _entered.TrySetResult();
        await _released.Task.WaitAsync(IgnoresCancellation ? CancellationToken.None : cancellationToken);
        foreach (var record in records)
        {
            _records.Enqueue(record);
        }

        Interlocked.Decrement(ref _callers);
    }
}
