using System.Collections.Concurrent;

namespace OpenAi.Gateway;

/// <summary>Counters in this process. A key costs memory only until its window ends.</summary>
internal sealed class MemoryLimitCounter(TimeProvider time) : LimitCounter
{
    private const int SweepEvery = 1024;
    private static readonly TimeSpan SweepAfter = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<LimitKey, Window> _windows = new();
    private readonly Lock _sweeping = new();
    private long _sweptAt = time.GetTimestamp();
    private int _opened;
    private int _kept;

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

    // After as many new keys as were kept last time, so that many keys do not make each new one slow; or when a while has passed.
    private void SweepNowAndThen()
    {
        var isDue = Interlocked.Increment(ref _opened) >= Math.Max(SweepEvery, Volatile.Read(ref _kept))
            || time.GetElapsedTime(Volatile.Read(ref _sweptAt)) >= SweepAfter;
        if (isDue && _sweeping.TryEnter())
        {
            try
            {
                Sweep();
            }
            finally
            {
                _sweeping.Exit();
            }
        }
    }

    private void Sweep()
    {
        var now = time.GetTimestamp();
        var kept = 0;
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
                else
                {
                    kept++;
                }
            }
        }

        Volatile.Write(ref _kept, kept);
        Volatile.Write(ref _opened, 0);
        Volatile.Write(ref _sweptAt, now);
    }

    private sealed class Window
    {
        public long Start;
        public TimeSpan Length;
        public long Count;
        public bool IsRemoved;
    }
}
