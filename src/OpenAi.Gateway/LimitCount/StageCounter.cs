using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

/// <summary>The counter as the stages of limits use it: a store that throws, or hangs, is down, which is logged and breaks no request.</summary>
internal sealed class StageCounter(GatewayServices services)
{
    private readonly ILogger _logger = services.Loggers.CreateLogger(LimitCountLog.Category);
    private readonly LogPace _pace = new(services.Time);

    /// <summary>See <see cref="LimitCounter.ReserveAsync"/>; <see langword="null"/> when the store is down.</summary>
    /// <param name="request">The request, which waits in vain for the store once, however many limits it has.</param>
    /// <param name="key">What is counted.</param>
    /// <param name="cost">At least 1.</param>
    /// <param name="limit">The most that fits into a window.</param>
    /// <param name="window">The length of a window that is opened now.</param>
    /// <param name="allowsDegradation">Whether the request passes when the store is down, for the log.</param>
    public async ValueTask<LimitReservation?> ReserveAsync(
        GatewayRequest request, LimitKey key, long cost, long limit, TimeSpan window, bool allowsDegradation)
    {
        if (request.IsCounterHanging)
        {
            return null;
        }

        var clientGone = request.Context.RequestAborted;
        Task<LimitReservation>? waited = null;
        try
        {
            var reserving = services.Counter.ReserveAsync(key, cost, limit, window, clientGone);
            if (reserving.IsCompleted)
            {
                return await reserving;
            }

            // Not with the client's token: what is granted while it leaves must be known, to be given back.
            waited = reserving.AsTask();
            await services.CounterPatience.WaitAsync(waited);
            return await waited;
        }
        catch (Exception error) when (error is TimeoutException || !clientGone.IsCancellationRequested)
        {
            // It is the store that failed: a client that has left is no failure.
            Log(key, allowsDegradation, error);
            if (waited is not null)
            {
                request.IsCounterHanging = !waited.IsCompleted;
                _ = GiveBackAsync(key, cost, waited);
            }

            return null;
        }
    }

    /// <summary>Counts what was taken already, whatever is left, and however long the store needs for it.</summary>
    /// <param name="request">The request, whose end waits in vain for the store once, however many limits it has.</param>
    /// <param name="key">What is counted.</param>
    /// <param name="cost">What was taken.</param>
    /// <param name="window">The length of a window that is opened now.</param>
    public ValueTask AddAsync(GatewayRequest request, LimitKey key, long cost, TimeSpan window) => WaitAsync(request, AddAsync(key, cost, window));

    /// <summary>See <see cref="LimitCounter.SettleAsync"/>.</summary>
    /// <param name="request">The request, whose end waits in vain for the store once, however many limits it has.</param>
    /// <param name="key">What was counted.</param>
    /// <param name="reservation">What was granted.</param>
    /// <param name="reserved">The cost that was reserved.</param>
    /// <param name="actual">The real cost.</param>
    public ValueTask SettleAsync(GatewayRequest request, LimitKey key, LimitReservation reservation, long reserved, long actual) =>
        WaitAsync(request, SettleAsync(key, reservation, reserved, actual));

    // Whether it waits or not, the store is told.
    private async ValueTask WaitAsync(GatewayRequest request, Task<bool> telling) =>
        request.IsCounterHanging = request.IsCounterHanging || !await services.CounterPatience.WaitMomentAsync(telling);

    // Never fails; whether the store has answered in time.
    private async Task<bool> AddAsync(LimitKey key, long cost, TimeSpan window)
    {
        try
        {
            await services.CounterPatience.WaitAsync(services.Counter.ReserveAsync(key, cost, long.MaxValue, window, CancellationToken.None));
            return true;
        }
        catch (Exception error)
        {
            Log(key, true, error);
            return error is not TimeoutException;
        }
    }

    // Never fails; whether the store has answered in time.
    private async Task<bool> SettleAsync(LimitKey key, LimitReservation reservation, long reserved, long actual)
    {
        try
        {
            await services.CounterPatience.WaitAsync(services.Counter.SettleAsync(key, reservation, reserved, actual));
            return true;
        }
        catch (Exception error)
        {
            // The request has its answer already; the window's end gives back what is too much.
            Log(key, true, error);
            return error is not TimeoutException;
        }
    }

    private void Log(LimitKey key, bool passes, Exception error)
    {
        if (_pace.IsDue())
        {
            LimitCountLog.CounterFailed(_logger, key.Limit, passes, error);
        }
    }

    // What the store grants in the end, when the request goes on without it.
    private async Task GiveBackAsync(LimitKey key, long cost, Task<LimitReservation> late)
    {
        await ((Task)late).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (late is { IsCompletedSuccessfully: true, Result: { IsGranted: true } reservation })
        {
            await SettleAsync(key, reservation, cost, actual: 0);
        }
    }
}
