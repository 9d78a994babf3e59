namespace OpenAi.Gateway;

/// <summary>
/// One window of one key. Its counter takes no lock: the calls of a busy key would wait for each other, and for whoever was interrupted while
/// holding it.
/// </summary>
internal sealed class LimitWindow(long start, TimeSpan length)
{
    private long _count;

    /// <summary>When it was opened, as a timestamp.</summary>
    public long Start => start;

    public TimeSpan EndsAfter(TimeProvider time, long now) => length - time.GetElapsedTime(start, now);

    /// <summary>Counts the cost if it fits, in one step.</summary>
    public bool TryCount(long cost, long limit, out long remaining)
    {
        var count = Volatile.Read(ref _count);
        while (cost <= limit - count)
        {
            var seen = Interlocked.CompareExchange(ref _count, count + cost, count);
            if (seen == count)
            {
                remaining = limit - count - cost;
                return true;
            }

            count = seen;
        }

        remaining = Math.Max(0, limit - count);
        return false;
    }

    /// <summary>Counts more or less than was counted before; never below zero, nor beyond all numbers.</summary>
    public void Correct(long difference)
    {
        var count = Volatile.Read(ref _count);
        while (Interlocked.CompareExchange(ref _count, Corrected(count, difference), count) is var seen && seen != count)
        {
            count = seen;
        }
    }

    private static long Corrected(long count, long difference) =>
        difference > long.MaxValue - count ? long.MaxValue : Math.Max(0, count + difference);
}
