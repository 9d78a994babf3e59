using System.Collections.Concurrent;

namespace OpenAi.Gateway;

/// <summary>Counters in this process. A key costs memory only until its window ends.</summary>
internal sealed class MemoryLimitCounter(TimeProvider time) : LimitCounter
{
    private const int SweepEvery = 1024;
    private static readonly TimeSpan SweepAfter = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<LimitKey, LimitWindow> _windows = new();
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
            var now = time.GetTimestamp();
            if (!_windows.TryGetValue(key, out var current))
            {
                current = new LimitWindow(now, window);
                if (!_windows.TryAdd(key, current))
                {
                    continue;
                }

                SweepNowAndThen();
            }
            else if (current.EndsAfter(time, now) <= TimeSpan.Zero)
            {
                var next = new LimitWindow(now, window);
                if (!_windows.TryUpdate(key, next, current))
                {
                    continue;
                }

                current = next;
            }

            // A window that another thread replaces or sweeps away meanwhile had not ended when it was looked at: it may be counted in.
            var isGranted = current.TryCount(cost, limit, out var remaining);
            return new(new LimitReservation(isGranted, remaining, current.EndsAfter(time, now), current.Start));
        }
    }

    public override ValueTask SettleAsync(LimitKey key, LimitReservation reservation, long reserved, long actual)
    {
        if (_windows.TryGetValue(key, out var current) && current.Start == reservation.Window)
        {
            current.Correct(actual - reserved);
        }

        return ValueTask.CompletedTask;
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
        foreach (var entry in _windows)
        {
            if (entry.Value.EndsAfter(time, now) > TimeSpan.Zero || !_windows.TryRemove(entry))
            {
                kept++;
            }
        }

        Volatile.Write(ref _kept, kept);
        Volatile.Write(ref _opened, 0);
        Volatile.Write(ref _sweptAt, now);
    }
}
