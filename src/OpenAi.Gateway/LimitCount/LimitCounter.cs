namespace OpenAi.Gateway;

/// <summary>
/// Counts in windows. Register another one as a singleton to share counters between nodes. Whatever the store, a reservation is one atomic
/// step: of N parallel calls on a limit of L, exactly L are granted.
/// </summary>
public abstract class LimitCounter
{
    /// <summary>
    /// Counts <paramref name="cost"/> if it fits into the key's window, and not at all if it does not. The first reservation after a window
    /// has ended opens the next one.
    /// </summary>
    /// <param name="key">What is counted.</param>
    /// <param name="cost">At least 1.</param>
    /// <param name="limit">
    /// The most that fits into a window. It may change between calls and must not be remembered. <see cref="long.MaxValue"/> counts what was taken
    /// already, whatever is left.
    /// </param>
    /// <param name="window">The length of a window that is opened now.</param>
    /// <param name="cancellationToken">Cancelled when the client leaves.</param>
    /// <returns>
    /// The reservation. A store that is down throws, and one that takes longer than 2 seconds, or 0.1 while it leaves another request waiting for longer than
    /// that, counts as down; the limit's options decide what follows. What it grants after that is settled as not spent.
    /// </returns>
    public abstract ValueTask<LimitReservation> ReserveAsync(
        LimitKey key, long cost, long limit, TimeSpan window, CancellationToken cancellationToken);

    /// <summary>Replaces a granted reservation's cost by what the call really cost. Does nothing once the window has ended.</summary>
    /// <param name="key">What was counted.</param>
    /// <param name="reservation">What <see cref="ReserveAsync"/> gave.</param>
    /// <param name="reserved">The cost that was reserved.</param>
    /// <param name="actual">The real cost; 0 gives all of it back.</param>
    /// <returns>A task that ends when the store knows.</returns>
    public abstract ValueTask SettleAsync(LimitKey key, LimitReservation reservation, long reserved, long actual);
}
