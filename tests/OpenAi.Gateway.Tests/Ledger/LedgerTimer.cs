namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>A time limit that runs out when it is told to, or the next time that it is set after that.</summary>
internal sealed class LedgerTimer(TimerCallback callback, object? state, TimeSpan longestPause, Action<LedgerTimer> ended) : ITimer
{
    private readonly Lock _lock = new();
    private bool _isArmed;
    private bool _isExpired;
    private bool _isDisposed;

    public void Expire()
    {
        lock (_lock)
        {
            _isExpired = true;
            FireIfDue(TimeSpan.MaxValue);
        }
    }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        lock (_lock)
        {
            _isArmed = dueTime != Timeout.InfiniteTimeSpan;
            FireIfDue(dueTime);
            return !_isDisposed;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
        }

        ended(this);
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private void FireIfDue(TimeSpan dueTime)
    {
        if (_isArmed && !_isDisposed && (_isExpired || dueTime <= longestPause))
        {
            _isArmed = false;

            // Not on this thread: the caller has not even got the timer yet.
            ThreadPool.UnsafeQueueUserWorkItem(timer => timer.Fire(), this, preferLocal: false);
        }
    }

    private void Fire() => callback(state);
}
