namespace OpenAi.Gateway.Testing;

internal sealed class ManualTimer(ManualTimeProvider time, TimerCallback callback, object? state) : ITimer
{
    // As the system's timers do: a callback sees the async locals of the code that made the timer, not those of the test.
    private readonly ExecutionContext? _context = ExecutionContext.Capture();
    private TimeSpan _period = Timeout.InfiniteTimeSpan;
    private volatile bool _disposed;

    public DateTimeOffset DueAt { get; set; }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        if (_disposed)
        {
            return false;
        }

        _period = period;
        if (dueTime == Timeout.InfiniteTimeSpan)
        {
            time.Disarm(this);
        }
        else if (dueTime > TimeSpan.Zero)
        {
            time.Arm(this, dueTime);
        }
        else
        {
            time.Disarm(this);
            ArmNextPeriod();
            // Not on this thread: the caller has not even got the timer yet.
            ThreadPool.UnsafeQueueUserWorkItem(timer => timer.Fire(), this, preferLocal: false);
        }

        return true;
    }

    public void ArmNextPeriod()
    {
        if (_period > TimeSpan.Zero)
        {
            time.Arm(this, _period);
        }
    }

    public void Fire()
    {
        if (_disposed)
        {
            return;
        }

        if (_context is null)
        {
            callback(state);
        }
        else
        {
            ExecutionContext.Run(_context, _ => callback(state), null);
        }
    }

    public void Dispose()
    {
        _disposed = true;
        time.Disarm(this);
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}
