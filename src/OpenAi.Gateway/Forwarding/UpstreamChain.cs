using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>
/// The way of one call through its upstream and the fallbacks of that, in their order and never back. What can be asked at once comes before
/// what needs a pause.
/// </summary>
internal sealed class UpstreamChain(HttpContext context, Upstream first, UpstreamRegistry registry, int? retries, UpstreamCall call)
{
    private Upstream?[]? _fallbacks;
    private int _position;

    // How often the call has asked the upstream that is asked now.
    private int _attempts;

    /// <summary>What was tried; <see langword="null"/> before the first failure.</summary>
    public TriedNodes? Tried { get; private set; }

    private int Length => first.Options.Fallbacks.Count + 1;

    /// <summary>
    /// Where the call begins: at the first upstream with a node that is not cooling down. When all nodes are, at the first
    /// upstream, with the node that will be back soonest. <see langword="null"/> when there is no node.
    /// </summary>
    public UpstreamStep? First()
    {
        for (var position = 0; position < Length; position++)
        {
            if (CanTake(position) && UpstreamAt(position).PickFresh(context, null) is { } pair)
            {
                return Go(position, pair, TimeSpan.Zero);
            }
        }

        for (var position = 0; position < Length; position++)
        {
            if (CanTake(position) && UpstreamAt(position).PickCoolingDown(context) is { } pair)
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
            if (CanTake(position) && UpstreamAt(position).PickFresh(context, Tried) is { } pair)
            {
                return Go(position, pair, TimeSpan.Zero);
            }
        }

        return Wait(begin, end, last, verdict, left);
    }

    private int? Retries => retries ?? UpstreamAt(_position).Options.Retries;

    private Upstream UpstreamAt(int position) => position == 0
        ? first
        : (_fallbacks ??= new Upstream?[Length - 1])[position - 1] ??= registry.Get(first.Options.Fallbacks[position - 1].Upstream);

    private OpenAiFallbackOptions? FallbackAt(int position) => position == 0 ? null : first.Options.Fallbacks[position - 1];

    // A body that is only passed through cannot be given another model.
    private bool CanTake(int position) => FallbackAt(position) is not { Models.Count: > 0 } || call.Body.IsComplete;

    // With a number of retries this upstream's pairs may be asked again. Otherwise each gets one try, also those that were passed over while they cooled down.
    private bool IsAllowed(int position, NodeKey pair) =>
        position == _position && Retries is not null ? Tried?.IsSpent(pair) != true : Tried?.Contains(pair) != true;

    // The pair with the shortest pause; of equals the first upstream's, then one not tried yet, then the one with the least cooldown left.
    private UpstreamStep? Wait(int begin, int end, NodeKey last, Verdict verdict, TimeSpan left)
    {
        var backoff = RetryPolicy.Pause(_attempts);
        NodeKey? best = null;
        (TimeSpan Pause, int Position, bool IsTried, TimeSpan CooldownLeft) bestRank = default;
        for (var position = begin; position < end; position++)
        {
            foreach (var pair in CanTake(position) ? UpstreamAt(position).PairsFor(context) : [])
            {
                var pause = PauseBefore(pair, last, verdict, backoff);
                if (IsAllowed(position, pair) && pause <= UpstreamAt(position).Options.MaxRetryDelay && pause < left)
                {
                    var rank = (pause, position, Tried?.Contains(pair) == true, pair.CooldownLeft);
                    if (best is null || rank.CompareTo(bestRank) < 0)
                    {
                        (best, bestRank) = (pair, rank);
                    }
                }
            }
        }

        return best is null ? null : Go(bestRank.Position, best, bestRank.Pause);
    }

    // Never earlier than the upstream asks for.
    private static TimeSpan PauseBefore(NodeKey pair, NodeKey last, Verdict verdict, TimeSpan backoff)
    {
        var asked = pair.AskedLeft;
        return pair == last && verdict.Asked is { } own ? (own > asked ? own : asked)
            : asked > TimeSpan.Zero ? asked
            : backoff;
    }

    private UpstreamStep Go(int position, NodeKey pair, TimeSpan pause)
    {
        _attempts = position == _position ? _attempts + 1 : 1;
        _position = position;
        return new UpstreamStep(first, UpstreamAt(position), pair, FallbackAt(position), pause);
    }
}
