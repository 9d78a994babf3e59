using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>
/// The gateway's time. It runs as any other, but the time limits of a call run out when the stand-in has fallen silent, never on their own; and
/// a pause before a retry is over at once.
/// </summary>
internal sealed class LedgerClock : TimeProvider
{
    public const string CallHeader = "X-Call";

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly AsyncLocal<string?> _call = new();
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<LedgerTimer, bool>> _timers = new();

    /// <summary>How many time limits of calls there are; one that ends with its call is not left behind.</summary>
    public int Timers => _timers.Values.Sum(timers => timers.Count);

    /// <summary>Tells the time limits of one call from those of another, by the name in their header.</summary>
    public void Watch(IApplicationBuilder app) => app.Use((context, next) =>
    {
        _call.Value = context.Request.Headers[CallHeader].ToString();
        return next(context);
    });

    /// <summary>Lets the time limits run out that the call has now.</summary>
    public void Expire(string call)
    {
        foreach (var (timer, _) in _timers.GetValueOrDefault(call) ?? [])
        {
            timer.Expire();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (_call.Value is not { } call || period != Timeout.InfiniteTimeSpan)
        {
            return base.CreateTimer(callback, state, dueTime, period);
        }

        var timers = _timers.GetOrAdd(call, _ => new());
        var timer = new LedgerTimer(callback, state, LongestPause, ended => timers.TryRemove(ended, out _));
        timers[timer] = true;
        timer.Change(dueTime, period);
        return timer;
    }
}
