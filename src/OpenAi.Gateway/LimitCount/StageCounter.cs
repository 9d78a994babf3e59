using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

/// <summary>The counter as the stages of limits use it: what its store throws is logged, and is no answer to a request.</summary>
internal sealed class StageCounter(GatewayServices services)
{
    private readonly ILogger _logger = services.Loggers.CreateLogger(LimitCountLog.Category);

    /// <summary>See <see cref="LimitCounter.ReserveAsync"/>; <see langword="null"/> when the store is down.</summary>
    /// <param name="key">What is counted.</param>
    /// <param name="cost">At least 1.</param>
    /// <param name="limit">The most that fits into a window.</param>
    /// <param name="window">The length of a window that is opened now.</param>
    /// <param name="allowsDegradation">Whether the request passes when the store is down, for the log.</param>
    /// <param name="clientGone">Cancelled when the client leaves, which is no failure of the store.</param>
    public async ValueTask<LimitReservation?> ReserveAsync(
        LimitKey key, long cost, long limit, TimeSpan window, bool allowsDegradation, CancellationToken clientGone)
    {
        try
        {
            return await services.Counter.ReserveAsync(key, cost, limit, window, clientGone);
        }
        catch (Exception error) when (!clientGone.IsCancellationRequested)
        {
            LimitCountLog.CounterFailed(_logger, key.Limit, allowsDegradation, error);
            return null;
        }
    }

    /// <summary>See <see cref="LimitCounter.SettleAsync"/>.</summary>
    /// <param name="key">What was counted.</param>
    /// <param name="reservation">What was granted.</param>
    /// <param name="reserved">The cost that was reserved.</param>
    /// <param name="actual">The real cost.</param>
    public async ValueTask SettleAsync(LimitKey key, LimitReservation reservation, long reserved, long actual)
    {
        try
        {
            await services.Counter.SettleAsync(key, reservation, reserved, actual);
        }
        catch (Exception error)
        {
            // The request has its answer already; the window's end gives back what is too much.
            LimitCountLog.CounterFailed(_logger, key.Limit, true, error);
        }
    }
}
