namespace OpenAi.Gateway;

/// <summary>Lets a message into the log once a minute at most: what fails with every request would fill it.</summary>
internal sealed class LogPace(TimeProvider time)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    private long _quietUntil = long.MinValue;

    /// <summary>Whether the message may be logged now; the minute begins then.</summary>
    public bool IsDue()
    {
        var (now, quietUntil) = (time.GetTimestamp(), Volatile.Read(ref _quietUntil));
        var next = now + (long)(Quiet.TotalSeconds * time.TimestampFrequency);
        return now >= quietUntil && Interlocked.CompareExchange(ref _quietUntil, next, quietUntil) == quietUntil;
    }
}
