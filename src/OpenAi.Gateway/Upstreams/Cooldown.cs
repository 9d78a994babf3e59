namespace OpenAi.Gateway;

/// <summary>
/// How long a node or a key is left alone. A cooldown that the upstream asked for runs to its end; one that the gateway made up ends with the
/// next answer that is no failure. A shorter one never cuts a longer one.
/// </summary>
internal sealed class Cooldown(TimeProvider time)
{
    private long _askedEnds;
    private long _guessedEnds;

    /// <summary>What is left of it; zero when it is over.</summary>
    public TimeSpan Left => Math.Max(Volatile.Read(ref _askedEnds), Volatile.Read(ref _guessedEnds)) is var ends and not 0
        ? LeftUntil(ends)
        : TimeSpan.Zero;

    /// <summary>What is left of the time that the upstream asked for; zero when it is over.</summary>
    public TimeSpan AskedLeft => Volatile.Read(ref _askedEnds) is var ends and not 0 ? LeftUntil(ends) : TimeSpan.Zero;

    /// <summary>Begins the cooldown that the upstream asked for, or, when it asked for none, another one.</summary>
    public void Begin(TimeSpan? asked, TimeSpan otherwise) =>
        Prolong(ref asked is null ? ref _guessedEnds : ref _askedEnds, (time.GetUtcNow() + (asked ?? otherwise)).UtcTicks);

    /// <summary>Ends the cooldown, as far as nobody asked for it.</summary>
    public void End()
    {
        if (Volatile.Read(ref _guessedEnds) != 0)
        {
            Volatile.Write(ref _guessedEnds, 0);
        }
    }

    private static void Prolong(ref long ends, long end)
    {
        for (var known = Volatile.Read(ref ends); known < end;)
        {
            var before = Interlocked.CompareExchange(ref ends, end, known);
            if (before == known)
            {
                return;
            }

            known = before;
        }
    }

    private TimeSpan LeftUntil(long ends) => TimeSpan.FromTicks(Math.Max(0, ends - time.GetUtcNow().UtcTicks));
}
