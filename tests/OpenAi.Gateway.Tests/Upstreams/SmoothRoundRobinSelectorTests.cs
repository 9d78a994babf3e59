using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway.Tests.Upstreams;

public sealed class SmoothRoundRobinSelectorTests
{
    private readonly SmoothRoundRobinSelector _selector = new();

    [Fact]
    public void Weights_5_1_1_are_spread_smoothly()
    {
        var nodes = Nodes(5, 1, 1);

        string.Concat(Enumerable.Range(0, 14).Select(_ => "abc"[Array.IndexOf(nodes, Select(nodes))])).ShouldBe("aabacaaaabacaa");
    }

    [Fact]
    public void Over_a_full_cycle_each_node_gets_exactly_its_weight() => Prop.ForAll(
        Gen.Choose(1, 20).ArrayOf().Where(weights => weights.Length is > 0 and < 8).ToArbitrary(),
        weights =>
        {
            var nodes = Nodes(weights);
            var selector = new SmoothRoundRobinSelector();
            var cycle = weights.Sum();
            return Enumerable.Range(0, 3).All(_ =>
            {
                var chosen = Enumerable.Range(0, cycle).Select(_ => selector.Select(new DefaultHttpContext(), nodes)!).ToLookup(node => node);
                return nodes.All(node => chosen[node].Count() == node.Weight);
            });
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Under_concurrency_the_shares_are_exact_too()
    {
        var nodes = Nodes(5, 3, 2);
        var counts = new int[3];

        Parallel.For(0, 10_000, _ => Interlocked.Increment(ref counts[Array.IndexOf(nodes, Select(nodes))]));

        counts.ShouldBe([5_000, 3_000, 2_000]);
    }

    [Fact]
    public void The_others_share_the_calls_of_one_that_is_left_out()
    {
        var nodes = Nodes(2, 1, 1);

        var chosen = Enumerable.Range(0, 90).Select(_ => Select([nodes[0], nodes[1]])).ToLookup(node => node);

        (chosen[nodes[0]].Count(), chosen[nodes[1]].Count()).ShouldBe((60, 30));
    }

    private static UpstreamNode[] Nodes(params int[] weights) =>
    [
        .. weights.Select((weight, number) =>
            new UpstreamNode(new OpenAiUpstreamNodeOptions { Address = $"http://node{number}", Weight = weight }, [], TimeProvider.System)),
    ];

    private UpstreamNode? Select(UpstreamNode[] candidates) => _selector.Select(new DefaultHttpContext(), candidates);
}
