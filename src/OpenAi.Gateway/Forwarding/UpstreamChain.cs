using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>
/// The way of one call through its upstream and that one's fallbacks, in their order and never back. What can be asked at once goes before
/// what would need a pause.
/// </summary>
internal sealed class UpstreamChain(HttpContext context, Upstream first, UpstreamRegistry registry, int? retries, UpstreamCall call)
{
    private readonly Upstream?[] _upstreams = new Upstream?[first.Options.Fallbacks.Count + 1];
    private int _position;

    // At the upstream that is asked now.
    private int _attempts;

    /// <summary>What was tried; <see langword="null"/> before the first failure.</summary>
    public TriedNodes? Tried { get; private set; }

    private int Length => _upstreams.Length;

    /// <summary>
    /// Where the call begins: at the first upstream with a node that is not cooling down. When all of them are, the first one's that
    /// will be back soonest. <see langword="null"/> when there is none.
    /// </summary>
    public UpstreamStep? First()
    {
        bool[]? refused = null;
        for (var position = 0; position < Length; position++)
        {
            if (CanTake(position))
            {
                if (UpstreamAt(position).PickFresh(context, null, out var isRefused) is { } pair)
                {
                    return Go(position, pair, TimeSpan.Zero);
                }

                if (isRefused)
                {
                    (refused ??= new bool[Length])[position] = true;
                }
            }
        }

        for (var position = 0; position < Length; position++)
        {
            if (refused?[position] != true && CanTake(position) && UpstreamAt(position).PickResting(context) is { } pair)
            {
                return Go(position, pair, TimeSpan.Zero);
            }
        }

        return null;
    }

    public TriedNodes Note(NodeKey pair)
    {
        Tried ??= new TriedNodes();
        Tried.Add(pair);
        return Tried;
    }

    /// <summary>Where the call goes on; <see langword="null"/> when it ends here.</summary>
    /// <param name="last">The pair that was asked last, noted already.</param>
    /// <param name="verdict">What may follow.</param>
    /// <param name="left">The time that is left for all of it.</param>
    public UpstreamStep? Next(NodeKey last, Verdict verdict, TimeSpan left)
    {
        var isHere = verdict.IsRetriedHere && (Retries is not { } limit || _attempts <= limit);
        var end = verdict.IsMovedOn ? Length : _position + 1;
        var begin = isHere ? _position : _position + 1;
        for (var position = begin; position < end; position++)
        {
            if (CanTake(position) && UpstreamAt(position).PickFresh(context, Tried, out _) is { } pair)
            {
                return Go(position, pair, TimeSpan.Zero);
            }
        }

        return Best(begin, end, last, verdict, left) is { } best ? Go(best.Position, best.Pair, best.Pause) : null;
    }

    private int? Retries => retries ?? UpstreamAt(_position).Options.Retries;

    private Upstream UpstreamAt(int position) =>
        position == 0 ? first : _upstreams[position] ??= registry.Get(first.Options.Fallbacks[position - 1].Upstream);

    private OpenAiFallbackOptions? FallbackAt(int position) => position == 0 ? null : first.Options.Fallbacks[position - 1];

    // A body that is only passed through cannot be given another model.
    private bool CanTake(int position) => FallbackAt(position) is not { Models.Count: > 0 } || call.Body.IsComplete;

    // Without a number of retries each pair gets one try, and so does each that was passed over because it rested.
    private bool IsAllowed(int position, NodeKey pair) =>
        position == _position && Retries is not null ? Tried?.IsSpent(pair) != true : Tried?.Contains(pair) != true;

    // Of those that need a pause the one with the shortest; of equals the first upstream's, one not tried yet, the best rested.
    private (TimeSpan Pause, int Position, bool IsTried, TimeSpan RestLeft, NodeKey Pair)? Best(
        int begin, int end, NodeKey last, Verdict verdict, TimeSpan left)
    {
        (TimeSpan Pause, int Position, bool IsTried, TimeSpan RestLeft, NodeKey Pair)? best = null;
        var own = RetryPolicy.Pause(_attempts);
        for (var position = begin; position < end; position++)
        {
            if (!CanTake(position))
            {
                continue;
            }

            var longest = UpstreamAt(position).Options.MaxRetryDelay;
            foreach (var pair in UpstreamAt(position).Pairs)
            {
                var asked = pair == last && verdict.Asked is { } pause ? Longer(pause, pair.AskedLeft) : pair.AskedLeft is var rest && rest > TimeSpan.Zero ? rest : own;
                if (!IsAllowed(position, pair) || asked > longest || asked >= left)
                {
                    continue;
                }

                var isTried = Tried?.Contains(pair) == true;
                if (best is not { } other || (asked, position, isTried, pair.RestLeft).CompareTo((other.Pause, other.Position, other.IsTried, other.RestLeft)) < 0)
                {
                    best = (asked, position, isTried, pair.RestLeft, pair);
                }
            }
        }

        return best;
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private UpstreamStep Go(int position, NodeKey pair, TimeSpan pause)
    {
        _attempts = position == _position ? _attempts + 1 : 1;
        _position = position;
        return new UpstreamStep(UpstreamAt(position), pair, FallbackAt(position), pause);
    }
}
