using System.Collections.Concurrent;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>Counts as the gateway's own does, and remembers what became of each reservation of tokens.</summary>
internal sealed class LedgerCounter : LimitCounter
{
    /// <summary>The limit whose reservations it remembers.</summary>
    public const string Group = "ledger";

    private readonly MemoryLimitCounter _inner = new(TimeProvider.System);
    private readonly ConcurrentDictionary<string, ConcurrentQueue<long>> _settled = new();
    private long _unsettled;

    /// <summary>How many tokens are reserved that nobody has settled.</summary>
    public long Unsettled => Interlocked.Read(ref _unsettled);

    /// <summary>What was settled under a key, each time.</summary>
    public IReadOnlyList<long> SettledOf(string key) => _settled.TryGetValue(key, out var settled) ? [.. settled] : [];

    public override async ValueTask<LimitReservation> ReserveAsync(LimitKey key, long cost, long limit, TimeSpan window, CancellationToken cancellationToken)
    {
        var reservation = await _inner.ReserveAsync(key, cost, limit, window, cancellationToken);
        if (reservation.IsGranted && IsOfTokens(key))
        {
            Interlocked.Add(ref _unsettled, cost);
        }

        return reservation;
    }

    public override ValueTask SettleAsync(LimitKey key, LimitReservation reservation, long reserved, long actual)
    {
        if (IsOfTokens(key))
        {
            Interlocked.Add(ref _unsettled, -reserved);
            _settled.GetOrAdd(key.Value, _ => new()).Enqueue(actual);
        }

        return _inner.SettleAsync(key, reservation, reserved, actual);
    }

    private static bool IsOfTokens(LimitKey key) => key.Limit.Contains(Group, StringComparison.Ordinal);
}
