using System.Collections.Concurrent;

namespace OpenAi.Gateway;

/// <summary>Counters in this process. A key costs memory only until its window ends.</summary>
internal sealed class MemoryLimitCounter(TimeProvider time) : LimitCounter
{
    private const int SweepEvery = 1024;

    private readonly ConcurrentDictionary<LimitKey, Window> _windows = new();
    private int _opened;

    public int KeyCount => _windows.Count;

    public override ValueTask<LimitReservation> ReserveAsync(
        LimitKey key, long cost, long limit, TimeSpan window, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (!_windows.TryGetValue(key, out var current))
            {
                current = _windows.GetOrAdd(key, static _ => new Window());
                SweepNowAndThen();
            }

            lock (current)
            {
                if (!current.IsRemoved)
                {
                    return new(Reserve(current, cost, limit, window));
                }
            }
        }
    }

    public override ValueTask SettleAsync(LimitKey key, LimitReservation reservation, long reserved, long actual)
    {
        if (_windows.TryGetValue(key, out var current))
        {
            lock (current)
            {
                if (!current.IsRemoved && current.Start == reservation.Window)
                {
                    current.Count = Math.Max(0, current.Count + actual - reserved);
                }
            }
        }

        return ValueTask.CompletedTask;
    }

    private LimitReservation Reserve(Window current, long cost, long limit, TimeSpan window)
    {
        var now = time.GetTimestamp();
        if (current.Length == TimeSpan.Zero || time.GetElapsedTime(current.Start, now) >= current.Length)
        {
            (current.Start, current.Length, current.Count) = (now, window, 0);
        }

        var isGranted = cost <= limit - current.Count;
        if (isGranted)
        {
            current.Count += cost;
        }

        var resetAfter = current.Length - time.GetElapsedTime(current.Start, now);
        return new LimitReservation(isGranted, Math.Max(0, limit - current.Count), resetAfter, current.Start);
    }

    private void SweepNowAndThen()
    {
        if (Interlocked.Increment(ref _opened) % SweepEvery != 0)
        {
            return;
        }

        var now = time.GetTimestamp();
        foreach (var (key, window) in _windows)
        {
            lock (window)
            {
                // Marked, so that a reservation that holds the window already looks it up again instead of counting in the void.
                if (window.Length != TimeSpan.Zero && time.GetElapsedTime(window.Start, now) >= window.Length)
                {
                    window.IsRemoved = true;
                    _windows.TryRemove(key, out _);
                }
            }
        }
    }

    private sealed class Window
    {
        public long Start;
        public TimeSpan Length;
        public long Count;
        public bool IsRemoved;
    }
}
