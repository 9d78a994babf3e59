using System.Collections.Concurrent;

namespace OpenAi.Gateway.Tests.LimitCount;

/// <summary>An app's own counter: it writes down what it was asked, and fails while it is told to.</summary>
internal sealed class ScriptedCounter : LimitCounter
{
    private readonly MemoryLimitCounter _inner = new(TimeProvider.System);

    private readonly TaskCompletionSource _silent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _late = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsDown { get; set; }

    /// <summary>Whether it takes back nothing, and never says so.</summary>
    public bool IsSilentWhenSettling { get; set; }

    /// <summary>A limit that is not answered before the client has left, or <see cref="AnswerLate"/> is called.</summary>
    public string? SilentLimit { get; set; }

    /// <summary>Completes once something has been asked that gets no answer.</summary>
    public Task WhenSilent => _silent.Task;

    /// <summary>Completes once something has been settled.</summary>
    public Task WhenSettled => _settled.Task;

    public ConcurrentQueue<(LimitKey Key, long Cost, long Limit, TimeSpan Window)> Reserved { get; } = new();

    public ConcurrentQueue<(LimitKey Key, long Reserved, long Actual)> Settled { get; } = new();

    public override async ValueTask<LimitReservation> ReserveAsync(
        LimitKey key, long cost, long limit, TimeSpan window, CancellationToken cancellationToken)
    {
        await Task.Yield();
        if (IsDown)
        {
            throw new TimeoutException("The store is down.");
        }

        if (key.Limit == SilentLimit)
        {
            _silent.TrySetResult();
            await _late.Task.WaitAsync(cancellationToken);
        }

        Reserved.Enqueue((key, cost, limit, window));
        return await _inner.ReserveAsync(key, cost, limit, window, cancellationToken);
    }

    public override async ValueTask SettleAsync(LimitKey key, LimitReservation reservation, long reserved, long actual)
    {
        await Task.Yield();
        if (IsDown)
        {
            throw new TimeoutException("The store is down.");
        }

        Settled.Enqueue((key, reserved, actual));
        if (IsSilentWhenSettling)
        {
            _silent.TrySetResult();
            await Task.Delay(Timeout.Infinite);
        }

        await _inner.SettleAsync(key, reservation, reserved, actual);
        _settled.TrySetResult();
    }

    /// <summary>Answers what it was silent about.</summary>
    public void AnswerLate() => _late.SetResult();
}
