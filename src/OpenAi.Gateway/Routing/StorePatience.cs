namespace OpenAi.Gateway;

/// <summary>
/// How long requests wait for a store, of answers or of counters, before they go on without it. When one has waited in vain, the others still ask the store
/// but wait only a moment, until it answers one of them. Every few seconds one has the full patience again: the store may be slow rather than silent.
/// </summary>
internal sealed class StorePatience(TimeProvider time)
{
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    /// <summary>More than a healthy store takes.</summary>
    public static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);

    /// <summary>How often one request waits the longest time while the store is silent.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private const long Always = long.MinValue;

    // From when on the next request may wait the longest time.
    private long _longestFrom = Always;

    /// <summary>Waits for the store; what is here already takes no timer.</summary>
    /// <exception cref="TimeoutException">It has not answered in time.</exception>
    public ValueTask WaitAsync(ValueTask pending) => pending.IsCompleted ? pending : new(WaitAsync(pending.AsTask()));

    /// <inheritdoc cref="WaitAsync(ValueTask)"/>
    public ValueTask<T> WaitAsync<T>(ValueTask<T> pending) => pending.IsCompleted ? pending : WaitForResultAsync(pending.AsTask());

    /// <inheritdoc cref="WaitAsync(ValueTask)"/>
    public async Task WaitAsync(Task pending)
    {
        var patience = Next();
        try
        {
            await pending.WaitAsync(patience, time);
        }
        catch (TimeoutException) when (patience == Longest && !pending.IsCompleted)
        {
            Interlocked.CompareExchange(ref _longestFrom, AfterPause(), Always);
            throw;
        }

        if (Volatile.Read(ref _longestFrom) != Always)
        {
            Volatile.Write(ref _longestFrom, Always);
        }
    }

    /// <summary>
    /// Waits a moment for what a store is told behind an answer, and goes on by itself: until the request has ended, the next one on its connection
    /// cannot begin. Whether it was done.
    /// </summary>
    /// <param name="telling">Never fails; whether the store has taken it.</param>
    public async ValueTask<bool> WaitMomentAsync(Task<bool> telling)
    {
        if (!telling.IsCompleted)
        {
            await ((Task)telling.WaitAsync(Moment, time)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return telling.IsCompleted && await telling;
    }

    private async ValueTask<T> WaitForResultAsync<T>(Task<T> pending)
    {
        await WaitAsync((Task)pending);
        return await pending;
    }

    private TimeSpan Next()
    {
        var from = Volatile.Read(ref _longestFrom);
        var isTurn = from == Always
            || (time.GetTimestamp() >= from && Interlocked.CompareExchange(ref _longestFrom, AfterPause(), from) == from);
        return isTurn ? Longest : Moment;
    }

    private long AfterPause() => time.GetTimestamp() + (long)(Pause.TotalSeconds * time.TimestampFrequency);
}
