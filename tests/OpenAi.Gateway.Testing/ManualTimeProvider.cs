namespace OpenAi.Gateway.Testing;

/// <summary>A clock that stands still until the test moves it. Due timers fire in order, on the thread that advances it.</summary>
public sealed class ManualTimeProvider(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _advancing = new();
    private readonly Lock _state = new();
    private readonly List<ManualTimer> _armed = [];
    private readonly List<(Func<bool> Holds, TaskCompletionSource Reached)> _waiting = [];
    private DateTimeOffset _now = start;

    public ManualTimeProvider()
        : this(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>How long from now each armed timer is due, soonest first.</summary>
    public IReadOnlyList<TimeSpan> DueTimes
    {
        get
        {
            lock (_state)
            {
                return [.. _armed.Select(timer => timer.DueAt - _now).Order()];
            }
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_state)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        lock (_advancing)
        {
            var end = GetUtcNow() + by;
            while (TakeDue(end) is { } due)
            {
                due.Fire();
            }

            MoveTo(end);
        }
    }

    /// <summary>Completes once so many timers are armed: before it, <see cref="Advance"/> could run ahead of the code under test.</summary>
    public Task WhenArmedAsync(int timers = 1) => WhenAsync(() => _armed.Count >= timers).SoonAsync($"{timers} armed timer(s)");

    /// <summary>Completes once a timer is armed that is due in such a time from now, whatever others there are.</summary>
    public Task WhenDueAsync(Func<TimeSpan, bool> isMeant) =>
        WhenAsync(() => _armed.Exists(timer => isMeant(timer.DueAt - _now))).SoonAsync("a timer that is due then");

    internal void Arm(ManualTimer timer, TimeSpan dueTime)
    {
        lock (_state)
        {
            _armed.Remove(timer);
            timer.DueAt = _now + dueTime;
            _armed.Add(timer);
            ReleaseWaiting();
        }
    }

    internal bool Disarm(ManualTimer timer)
    {
        lock (_state)
        {
            return _armed.Remove(timer);
        }
    }

    private ManualTimer? TakeDue(DateTimeOffset end)
    {
        lock (_state)
        {
            // MinBy takes the first of equals, so timers due at one moment fire in the order they were armed.
            if (_armed.MinBy(timer => timer.DueAt) is not { } next || next.DueAt > end)
            {
                return null;
            }

            MoveTo(next.DueAt);
            _armed.Remove(next);
            next.ArmNextPeriod();
            return next;
        }
    }

    private void MoveTo(DateTimeOffset moment)
    {
        lock (_state)
        {
            // A callback may itself have advanced the clock: it never goes back.
            _now = moment > _now ? moment : _now;
        }
    }

    private Task WhenAsync(Func<bool> holds)
    {
        lock (_state)
        {
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((holds, reached));
            ReleaseWaiting();
            return reached.Task;
        }
    }

    private void ReleaseWaiting()
    {
        foreach (var (_, reached) in _waiting.Where(waiting => waiting.Holds()))
        {
            reached.TrySetResult();
        }

        _waiting.RemoveAll(waiting => waiting.Reached.Task.IsCompleted);
    }
}
