using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using OpenAi.Gateway.Tests.Forwarding;

namespace OpenAi.Gateway.Tests.Upstreams;

public sealed class SelectorTests
{
    [Fact]
    public async Task Calls_go_to_the_nodes_by_weight_and_in_turn()
    {
        await using var heavy = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("\"a\""));
        await using var light = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("\"b\""));
        await using var unused = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("\"c\""));
        await using var gateway = await GatewayHost.StartAsync(options => options
            .AddNode(heavy.Address.ToString(), weight: 2).AddNode(light.Address.ToString()).AddNode(unused.Address.ToString(), weight: 0));

        var order = new List<string>();
        for (var number = 0; number < 6; number++)
        {
            order.Add((await gateway.SendAsync(Request.Post())).Text);
        }

        order.ShouldBe(["\"a\"", "\"b\"", "\"a\"", "\"a\"", "\"b\"", "\"a\""]);
        unused.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_own_selector_sees_the_request_and_the_nodes_that_may_be_asked()
    {
        await using var first = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("\"first\""));
        await using var second = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("\"second\""));
        await using var gateway = await GatewayHost.StartAsync(options => options.To(first, second)
            .UseSelector(new Selector((context, nodes) => nodes[int.Parse(context.Request.Headers["X-Node"]!)])));

        (await gateway.SendAsync(Request.Post(headers: "X-Node: 1"))).Text.ShouldBe("\"second\"");
        (await gateway.SendAsync(Request.Post(headers: "X-Node: 1"))).Text.ShouldBe("\"second\"");
        (await gateway.SendAsync(Request.Post(headers: "X-Node: 0"))).Text.ShouldBe("\"first\"");
    }

    [Fact]
    public async Task An_own_selector_is_not_offered_a_node_that_failed()
    {
        var offered = new List<int>();
        await using var bad = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", 500));
        await using var good = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(options => options.To(bad, good).UseSelector(new Selector((_, nodes) =>
        {
            offered.Add(nodes.Count);
            return nodes[0];
        })));

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(200);

        offered.ShouldBe([2, 1]);
    }

    [Fact]
    public async Task A_selector_that_chooses_none_is_answered_503()
    {
        await using var upstream = ScriptedUpstream.Start();
        await using var gateway = await GatewayHost.StartAsync(options => options.To(upstream).UseSelector(new Selector((_, _) => null)));

        var answer = await gateway.SendAsync(Request.Post());

        answer.ShouldBeError(503, "no_available_upstream");
        answer.Headers["Retry-After"].ShouldBe("10");
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    public async Task A_node_that_a_selector_does_not_want_is_not_asked_after_a_pause_either(int? retries)
    {
        await using var wanted = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", 503, ("retry-after-ms", "1")));
        await using var unwanted = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(options => options.To(wanted, unwanted)
            .UseSelector(new Selector((_, nodes) => nodes.FirstOrDefault(node => node.Address == wanted.Address)))
            .Retries = retries);

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(503);

        (wanted.Requests.Count, unwanted.Requests.Count).ShouldBe((1 + (retries ?? 0), 0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_node_that_a_selector_does_not_want_is_not_asked_because_all_of_them_rest(int nodes)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", 500));
        await using var gateway = await GatewayHost.StartAsync(options => options.To(Enumerable.Repeat(upstream, nodes))
            .UseSelector(new Selector((context, candidates) => context.Request.Headers.ContainsKey("X-None") ? null : candidates[0])));
        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(500);
        upstream.Requests.Count.ShouldBe(nodes);

        (await gateway.SendAsync(Request.Post(headers: "X-None: 1"))).ShouldBeError(503, "no_available_upstream");
        upstream.Requests.Count.ShouldBe(nodes);

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(500, "the last node is never left out");
        upstream.Requests.Count.ShouldBeGreaterThan(nodes);
    }

    [Fact]
    public async Task The_only_node_that_a_selector_wants_is_asked_though_it_rests_and_others_do_not()
    {
        await using var wanted = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", 500));
        await using var unwanted = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(options => options.To(wanted, unwanted)
            .UseSelector(new Selector((_, nodes) => nodes.FirstOrDefault(node => node.Address == wanted.Address))));

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(500);
        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(500);

        (wanted.Requests.Count, unwanted.Requests.Count).ShouldBe((2, 0));
    }

    [Fact]
    public async Task A_selector_that_keeps_to_a_node_which_is_not_offered_holds_up_nobody()
    {
        UpstreamNode? kept = null;
        await using var failing = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", 500));
        await using var other = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(
            options => options.To(failing, other).UseSelector(new Selector((_, nodes) => kept ??= nodes[0])));

        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(500);
        (await gateway.SendAsync(Request.Post())).Status.ShouldBe(500);

        (failing.Requests.Count, other.Requests.Count).ShouldBe((2, 0));
    }

    [Fact]
    public async Task A_selector_that_fails_leaves_no_answer_open_that_was_to_be_tried_again()
    {
        await using var bad = ScriptedUpstream.Start(async connection =>
        {
            await connection.WriteHeadAsync(500, ("Content-Length", "10"));
            await connection.WriteAsync("half ");
            await connection.HangAsync();
        });
        await using var other = ScriptedUpstream.Start();
        await using var gateway = await GatewayHost.StartOnSocketAsync(
            options => options.To(bad, other).UseSelector(new Selector((_, nodes) => nodes.Count == 2 ? nodes[0] : throw new InvalidOperationException())),
            use: app => app.UseExceptionHandler(error => error.Run(context => context.Response.WriteAsync("failed"))));

        (await gateway.SendAsync(Request.Post())).Text.ShouldBe("failed");

        await bad.Connections.ShouldHaveSingleItem().PeerClosed.SoonAsync("the end of the answer that nobody wants");
    }

    private sealed class Selector(Func<HttpContext, IReadOnlyList<UpstreamNode>, UpstreamNode?> select) : UpstreamSelector
    {
        public override UpstreamNode? Select(HttpContext context, IReadOnlyList<UpstreamNode> candidates) => select(context, candidates);
    }
}
