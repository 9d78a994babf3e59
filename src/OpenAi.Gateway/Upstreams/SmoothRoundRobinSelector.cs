using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>
/// nginx' smooth weighted round robin: with weights 5, 1, 1 the order is a a b a c a a, never a a a a a b c. Each choice raises every
/// candidate by its weight, takes the highest, and lowers that one by the sum.
/// </summary>
internal sealed class SmoothRoundRobinSelector : UpstreamSelector
{
    private readonly Lock _lock = new();
    private readonly ConditionalWeakTable<UpstreamNode, StrongBox<long>> _currents = [];

    public override UpstreamNode? Select(HttpContext context, IReadOnlyList<UpstreamNode> candidates)
    {
        if (candidates.Count == 1)
        {
            return candidates[0];
        }

        lock (_lock)
        {
            UpstreamNode? best = null;
            StrongBox<long>? highest = null;
            var sum = 0L;
            foreach (var node in candidates)
            {
                var current = _currents.GetOrCreateValue(node);
                current.Value += node.Weight;
                sum += node.Weight;
                if (highest is null || current.Value > highest.Value)
                {
                    (best, highest) = (node, current);
                }
            }

            highest!.Value -= sum;
            return best;
        }
    }
}
