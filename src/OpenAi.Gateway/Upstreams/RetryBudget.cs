namespace OpenAi.Gateway;

/// <summary>
/// Bounds what retries add to the load of upstreams that are in trouble already: in each window of a minute there are at most as many as a
/// share of its calls, or a few when there are hardly any calls.
/// </summary>
internal sealed class RetryBudget(TimeProvider time)
{
    /// <summary>How many are free in each window: a share of few calls would be none.</summary>
    public const int Minimum = 10;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long _windowBegan = time.GetTimestamp();
    private long _calls;
    private long _retries;

    /// <summary>Counts a call of a client, however often it will be tried.</summary>
    /// <param name="now">The time now, as a timestamp.</param>
    public void AddCall(long now)
    {
        if (time.GetElapsedTime(Volatile.Read(ref _windowBegan), now) >= Window)
        {
            lock (_lock)
            {
                Turn();
            }
        }

        // Without the lock, for which all calls would wait. One that meets the turn of the window may go uncounted, and then allows less.
        Interlocked.Increment(ref _calls);
    }

    /// <summary>Counts a retry if there may be one more; 100 percent and above mean no bound.</summary>
    public bool TryTake(int percent)
    {
        lock (_lock)
        {
            Turn();
            if (percent < 100 && _retries >= Math.Max(Minimum, Volatile.Read(ref _calls) * percent / 100))
            {
                return false;
            }

            _retries++;
            return true;
        }
    }

    private void Turn()
    {
        if (time.GetElapsedTime(_windowBegan) >= Window)
        {
            _retries = 0;
            Volatile.Write(ref _calls, 0);
            Volatile.Write(ref _windowBegan, time.GetTimestamp());
        }
    }
}
