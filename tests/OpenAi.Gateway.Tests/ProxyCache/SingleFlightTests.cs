using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway.Tests.ProxyCache;

public class SingleFlightTests
{
    private const string Raw = "POST /ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{\"prompt\":\"why?\"}";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(77);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_thousand_equal_questions_are_one_call_and_a_thousand_equal_answers(bool withLimit)
    {
        await using var host = await CacheHost.StartAsync(script: null, map: app =>
        {
            var route = CacheHost.MapAsk(app).UseProxyCache();
            _ = withLimit ? route.UseLimitCount(limit => (limit.Count, limit.TimeWindow) = (1_000, TimeSpan.FromMinutes(1))) : route;
        });
        var asking = Enumerable.Range(0, 1_000).Select(_ => host.AskAsync()).ToArray();
        var connection = await host.Upstream.NextRequestAsync();
        await host.Time.WhenArmedAsync(1 + 999);

        await connection.WriteJsonAsync("{\"answer\":1}");
        var replies = await Task.WhenAll(asking).SoonAsync();

        replies.ShouldAllBe(reply => reply.Status == 200 && reply.Text == "{\"answer\":1}");
        replies.Count(reply => reply.Cache == "MISS").ShouldBe(1);
        replies.Count(reply => reply.Cache == "HIT").ShouldBe(999);
        host.UpstreamCalls.ShouldBe(1);
        if (withLimit)
        {
            (await host.AskAsync()).Status.ShouldBe(429);
        }
    }

    [Fact]
    public async Task When_the_leader_leaves_mid_body_one_of_the_others_takes_over_and_nobody_gets_half()
    {
        await using var host = await CacheHost.StartAsync(script: null);
        var leader = host.Gateway.Connect();
        await leader.SendAsync(Raw);
        var first = await host.Upstream.NextRequestAsync();
        await first.WriteHeadAsync(200, ("Content-Length", "100"));
        await first.WriteAsync("{\"half");
        await leader.ReadUntilAsync("{\"half");
        var others = Enumerable.Range(0, 5).Select(_ => host.AskAsync()).ToArray();
        await host.Time.WhenArmedAsync(1 + 5);

        leader.Reset();
        await first.PeerClosed.SoonAsync();
        var second = await host.Upstream.NextRequestAsync();
        await second.WriteJsonAsync("{\"answer\":2}");
        var replies = await Task.WhenAll(others).SoonAsync();

        replies.ShouldAllBe(reply => reply.Text == "{\"answer\":2}");
        replies.Select(reply => reply.Cache).Order().ShouldBe(["HIT", "HIT", "HIT", "HIT", "MISS"]);
        host.UpstreamCalls.ShouldBe(2);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(404)]
    public async Task When_the_leaders_answer_is_not_to_be_stored_the_others_go_on_their_own_at_once(int status)
    {
        await using var host = await CacheHost.StartAsync(script: null);
        var asking = Enumerable.Range(0, 5).Select(_ => host.AskAsync()).ToArray();
        var leader = await host.Upstream.NextRequestAsync();
        await host.Time.WhenArmedAsync(1 + 4);

        await leader.WriteJsonAsync("{}", status);
        var connections = new List<UpstreamConnection>();
        for (var i = 0; i < 4; i++)
        {
            // All of them are there before the first is answered.
            connections.Add(await host.Upstream.NextRequestAsync());
        }

        await Task.WhenAll(connections.Select((connection, i) => connection.WriteJsonAsync($"\"{i}\"")));
        var replies = await Task.WhenAll(asking).SoonAsync();

        replies.Select(reply => reply.Status).Order().ShouldBe([200, 200, 200, 200, .. new[] { status }]);
        replies.Select(reply => reply.Text).Distinct().Count().ShouldBe(5);
    }

    [Theory]
    [InlineData("no-store")]
    [InlineData("too long")]
    public async Task Who_waits_for_an_answer_that_is_not_to_be_stored_goes_on_before_its_end(string why)
    {
        await using var host = await CacheHost.StartAsync(script: null, cache => (cache.NoStore, cache.MaxBodySize) = (["$http_x_no_store"], 20));
        var leading = host.AskAsync(headers: ("X-No-Store", why == "no-store" ? "1" : "0"));
        var first = await host.Upstream.NextRequestAsync();
        var waiting = new[] { host.AskAsync(), host.AskAsync() };
        await host.Time.WhenArmedAsync(1 + 2);

        await first.WriteHeadAsync(200, ("Content-Type", "application/json"), ("Transfer-Encoding", "chunked"));
        await first.WriteChunkAsync("{\"answer\":\"long enough\",");
        await (await host.Upstream.NextRequestAsync()).WriteJsonAsync("{\"answer\":2}");
        await (await host.Upstream.NextRequestAsync()).WriteJsonAsync("{\"answer\":2}");

        (await Task.WhenAll(waiting)).ShouldAllBe(reply => reply.Text == "{\"answer\":2}");
        (await host.AskAsync()).Cache.ShouldBe("HIT");
        leading.IsCompleted.ShouldBeFalse();
        await first.WriteChunkAsync("\"number\":1}");
        await first.EndChunksAsync();
        (await leading).Text.ShouldBe("{\"answer\":\"long enough\",\"number\":1}");
    }

    [Fact]
    public async Task Who_waited_long_enough_asks_the_upstream_itself()
    {
        await using var host = await CacheHost.StartAsync(script: null, cache => cache.LockTimeout = TimeSpan.FromSeconds(10));
        var leading = host.AskAsync();
        var first = await host.Upstream.NextRequestAsync();
        var following = host.AskAsync();
        await host.WhenDueAsync(TimeSpan.FromSeconds(10));

        host.Time.Advance(TimeSpan.FromSeconds(10));
        await (await host.Upstream.NextRequestAsync()).WriteJsonAsync("\"own\"");
        var own = await following;
        await first.WriteJsonAsync("\"late\"");

        (own.Cache, own.Text).ShouldBe(("MISS", "\"own\""));
        (await leading).Text.ShouldBe("\"late\"");
    }

    [Fact]
    public async Task Who_waits_for_one_leader_after_another_waits_no_longer_than_for_one()
    {
        await using var host = await CacheHost.StartAsync(script: null, cache => cache.LockTimeout = TimeSpan.FromSeconds(10));
        using var leave = new CancellationTokenSource();
        var leaving = host.AskAsync(leave.Token);
        await host.Upstream.NextRequestAsync();
        var others = new[] { host.AskAsync(), host.AskAsync() };
        await host.Time.WhenArmedAsync(1 + 2);
        host.Time.Advance(TimeSpan.FromSeconds(9));

        leave.Cancel();
        await host.ClientLeftAsync();
        await Should.ThrowAsync<OperationCanceledException>(leaving);
        var second = await host.Upstream.NextRequestAsync();
        await host.WhenDueAsync(TimeSpan.FromSeconds(1));
        host.Time.Advance(TimeSpan.FromSeconds(1));
        await (await host.Upstream.NextRequestAsync()).WriteJsonAsync("\"own\"");
        await second.WriteJsonAsync("\"second\"");

        (await Task.WhenAll(others)).Select(reply => reply.Text).Order().ShouldBe(["\"own\"", "\"second\""]);
    }

    [Fact]
    public async Task Who_leaves_while_waiting_disturbs_nobody()
    {
        await using var host = await CacheHost.StartAsync(script: null);
        var leading = host.AskAsync();
        var connection = await host.Upstream.NextRequestAsync();
        var leaving = host.Gateway.Connect();
        await leaving.SendAsync(Raw);
        await host.Time.WhenArmedAsync(2);
        var staying = host.AskAsync();
        await host.Time.WhenArmedAsync(3);

        leaving.Reset();
        await host.Gateway.Logs.WhenLoggedAsync(entry => entry.Category.StartsWith("Microsoft.AspNetCore.Hosting") && entry.EventId.Id == 2);
        await connection.WriteJsonAsync("{\"answer\":1}");

        (await leading).Cache.ShouldBe("MISS");
        (await staying).Cache.ShouldBe("HIT");
        host.UpstreamCalls.ShouldBe(1);
        host.Gateway.Logs.Entries.ShouldNotContain(entry => entry.Level >= LogLevel.Warning && entry.EventId.Name != "PlainHttp");
    }

    [Fact]
    public async Task Who_missed_just_before_the_leader_landed_makes_no_second_call()
    {
        var store = new FakeHybridCache();
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), build: store.RegisterAsOwn);
        var late = store.HoldNextGet();
        var following = host.AskAsync();
        await late.Reached.SoonAsync();

        var leading = await host.AskAsync();
        late.Release();
        var reply = await following;

        (leading.Cache, reply.Cache, reply.Text, host.UpstreamCalls).ShouldBe(("MISS", "HIT", leading.Text, 1));
    }

    [Fact]
    public async Task All_who_missed_just_before_the_leader_landed_make_no_second_call()
    {
        var store = new FakeHybridCache();
        await using var host = await StartAsync(store);
        var late = new[] { store.HoldNextGet(), store.HoldNextGet() };
        var asking = new[] { host.AskAsync(), host.AskAsync() };
        await Task.WhenAll(late.Select(call => call.Reached)).SoonAsync();
        var stored = await host.AskAsync();

        // One of them leads, and the other one waits for it.
        var again = store.HoldNextGet();
        late[0].Release();
        await again.Reached.SoonAsync();
        late[1].Release();
        await host.WhenDueAsync(Patience);
        again.Release();
        var replies = await Task.WhenAll(asking);

        replies.ShouldAllBe(reply => reply.Cache == "HIT" && reply.Text == stored.Text);
        host.UpstreamCalls.ShouldBe(1);
    }

    [Fact]
    public async Task Who_comes_while_the_answer_is_being_stored_makes_no_second_call()
    {
        var store = new FakeHybridCache();
        await using var host = await StartAsync(store);
        var storing = store.HoldNextSet();
        var leading = host.AskAsync();
        await storing.Reached.SoonAsync();

        var following = host.AskAsync();
        await host.WhenDueAsync(Patience);
        storing.Release();

        (await following).Text.ShouldBe((await leading).Text);
        host.UpstreamCalls.ShouldBe(1);
    }

    [Fact]
    public async Task The_upstream_is_released_when_who_waits_for_the_JSON_of_a_stream_leaves_after_its_leader()
    {
        const string Body = "{\"prompt\":\"why?\",\"stream\":true}";
        await using var host = await CacheHost.StartAsync(script: null, cache => cache.LockTimeout = Patience);
        var leader = host.Gateway.Connect();
        await leader.SendAsync($"POST /ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: {Body.Length}\r\n\r\n{Body}");
        var connection = await host.Upstream.NextRequestAsync();
        await connection.StartSseAsync();
        await connection.WriteEventAsync("{}");
        await leader.ReadUntilAsync("data: {}\n\n");
        using var leave = new CancellationTokenSource();
        var waiting = host.AskAsync(leave.Token);
        await host.WhenDueAsync(Patience);

        leader.Reset();
        await host.ClientLeftAsync();
        connection.PeerClosed.IsCompleted.ShouldBeFalse();
        await leave.CancelAsync();

        await connection.PeerClosed.SoonAsync();
        await Should.ThrowAsync<OperationCanceledException>(waiting);
    }

    [Fact]
    public async Task An_endpoint_that_throws_fails_each_on_its_own()
    {
        var calls = 0;
        var go = new TaskCompletionSource();
        var all = new TaskCompletionSource();
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), map: app => app.MapGet("/x", async () =>
        {
            var call = Interlocked.Increment(ref calls);
            if (call == 4)
            {
                all.SetResult();
            }

            await (call == 1 ? go.Task : all.Task);
            throw new InvalidOperationException("Not today.");
        }).UseProxyCache());
        var asking = Enumerable.Range(0, 4).Select(_ => host.AskAsync(path: "/x", method: "GET")).ToArray();
        await host.Time.WhenArmedAsync(3);

        go.SetResult();
        var replies = await Task.WhenAll(asking).SoonAsync();

        replies.ShouldAllBe(reply => reply.Status == 500);
        calls.ShouldBe(4);
    }

    private static Task<CacheHost> StartAsync(FakeHybridCache store) =>
        CacheHost.StartAsync(CacheHost.Numbered(), cache => cache.LockTimeout = Patience, store.RegisterAsOwn);
}
