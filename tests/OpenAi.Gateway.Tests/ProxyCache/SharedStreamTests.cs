using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Logging;
using OpenAi.Gateway.Tests.Forwarding;

namespace OpenAi.Gateway.Tests.ProxyCache;

/// <summary>Several read one stream in flight.</summary>
[Collection(Timing.Name)]
public class SharedStreamTests
{
    private const string Head = """{"id":"c","object":"chat.completion.chunk","choices":[""";
    private const string Done = "data: [DONE]\n\n";

    internal static readonly string First = Event("""{"index":0,"delta":{"role":"assistant","content":"1"},"finish_reason":null}]""");
    private static readonly string Second = Event("""{"index":0,"delta":{"content":"2"},"finish_reason":null}]""");
    private static readonly string Last = Event("""{"index":0,"delta":{},"finish_reason":"stop"}]""");
    private static readonly string Assembled =
        """{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"12"},"finish_reason":"stop"}]}""";

    [Fact]
    public async Task A_thousand_equal_streams_are_one_call_and_each_gets_every_event_from_the_first()
    {
        const int each = 500;
        await using var host = await BothFormsTests.StartAsync(script: null);
        var early = Enumerable.Range(0, each).Select(_ => OpenAsync(host)).ToArray();
        var connection = await host.Upstream.NextRequestAsync();
        await host.Time.WhenArmedAsync(each);
        await connection.StartSseAsync();
        await connection.WriteChunkAsync(First);
        var late = Enumerable.Range(0, each).Select(_ => OpenAsync(host)).ToArray();

        // All have the first event before there is a second one.
        var clients = await Task.WhenAll([.. early, .. late]).SoonAsync();
        await Task.WhenAll(clients.Select(client => client.ReadUntilAsync(First))).SoonAsync();
        await connection.WriteChunkAsync(Second);
        await Task.WhenAll(clients.Select(client => client.ReadUntilAsync(Second))).SoonAsync();
        await connection.WriteChunkAsync(Last + Done);
        await connection.EndChunksAsync();
        var texts = await Task.WhenAll(clients.Select(client => client.ReadToEndAsync())).SoonAsync();

        texts.ShouldAllBe(text => text == First + Second + Last + Done);
        clients.Count(client => client.Cache == "MISS").ShouldBe(1);
        clients.Count(client => client.Cache == "HIT").ShouldBe((2 * each) - 1);
        host.UpstreamCalls.ShouldBe(1);
        Array.ForEach(clients, client => client.Dispose());
    }

    [Fact]
    public async Task When_the_leader_leaves_the_others_get_the_rest_and_it_is_stored()
    {
        await using var host = await BothFormsTests.StartAsync(script: null);
        var (leader, connection) = await LeadAsync(host);
        await using var follower = await FollowAsync(host);

        leader.Reset();
        await host.ClientLeftAsync();
        await connection.WriteChunkAsync(Second);
        await follower.ReadUntilAsync(Second);
        using var late = await OpenAsync(host);
        await connection.WriteChunkAsync(Last + Done);
        await connection.EndChunksAsync();

        (await EndsCleanAsync(follower)).ShouldBeTrue();
        (await late.ReadToEndAsync()).ShouldBe(First + Second + Last + Done);
        var hit = await host.PostAsync(Body);
        (hit.Cache, hit.Text, host.UpstreamCalls).ShouldBe(("HIT", First + Second + Last + Done, 1));
    }

    [Fact]
    public async Task Who_wants_JSON_waits_for_the_end_even_without_the_leader()
    {
        await using var host = await BothFormsTests.StartAsync(script: null, cache: cache => cache.LockTimeout = TimeSpan.FromSeconds(77));
        var (leader, connection) = await LeadAsync(host);
        var asking = host.PostAsync(Body.Replace(",\"stream\":true", ""));
        await host.WhenDueAsync(TimeSpan.FromSeconds(77));

        leader.Reset();
        await host.ClientLeftAsync();
        await connection.WriteChunkAsync(Second + Last + Done);
        await connection.EndChunksAsync();
        var reply = await asking;

        (reply.Cache, reply.Text, reply["Content-Type"], host.UpstreamCalls).ShouldBe(("HIT", Assembled, "application/json", 1));
    }

    [Fact]
    public async Task A_follower_that_leaves_disturbs_nobody()
    {
        await using var host = await BothFormsTests.StartAsync(script: null);
        var (leader, connection) = await LeadAsync(host);
        await using var first = leader;
        var leaving = await FollowAsync(host);
        await using var staying = await FollowAsync(host);

        leaving.Reset();
        await host.ClientLeftAsync();
        await connection.WriteChunkAsync(Second + Last + Done);
        await connection.EndChunksAsync();

        (await EndsCleanAsync(leader)).ShouldBeTrue();
        (await EndsCleanAsync(staying)).ShouldBeTrue();
        (await host.PostAsync(Body)).Cache.ShouldBe("HIT");
        host.UpstreamCalls.ShouldBe(1);
        host.Gateway.Logs.Entries.ShouldNotContain(entry => entry.Level >= LogLevel.Warning && entry.EventId.Name != "PlainHttp");
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(true, 2)]
    [InlineData(false, 2)]
    public async Task The_upstream_is_released_as_soon_as_nobody_is_left(bool leaderFirst, int followers)
    {
        await using var host = await BothFormsTests.StartAsync(script: null);
        var number = 0;
        await Timing.ShouldHappenWithinAsync(TimeSpan.FromMilliseconds(50), async () =>
        {
            var body = Body.Replace("why?", $"{number++}");
            var (leader, connection) = await LeadAsync(host, body);
            var clients = new List<RawHttp> { leader };
            for (var i = 0; i < followers; i++)
            {
                clients.Insert(leaderFirst ? clients.Count : 0, await FollowAsync(host, body));
            }

            foreach (var client in clients[..^1])
            {
                client.Reset();
                await host.ClientLeftAsync();
            }

            connection.PeerClosed.IsCompleted.ShouldBeFalse();
            var started = Stopwatch.GetTimestamp();
            clients[^1].Reset();
            await connection.PeerClosed.SoonAsync();
            await host.ClientLeftAsync();
            return started;
        });
    }

    [Theory]
    [InlineData("data: {}\n\n", true)]
    [InlineData("data: {\"half", false)]
    public async Task When_the_upstream_breaks_everybody_sees_it_and_nothing_is_stored(string last, bool isTold)
    {
        await using var host = await BothFormsTests.StartAsync(script: null);
        var body = Body[..^1] + ",\"stream_options\":{\"include_usage\":true}}";
        var (leader, connection) = await LeadAsync(host, body);
        RawHttp[] clients = [leader, await FollowAsync(host, body), await FollowAsync(host, body)];
        await connection.WriteChunkAsync(last);
        await Task.WhenAll(clients.Select(client => client.ReadUntilAsync(last)));

        connection.Reset();

        foreach (var client in clients)
        {
            await using var one = client;
            if (isTold)
            {
                (await one.ReadUntilAsync("event: error\ndata: ")).ShouldNotContain("[DONE]");
            }

            (await EndsCleanAsync(one)).ShouldBeFalse();
        }

        var asking = host.PostAsync(body);
        await (await host.Upstream.NextRequestAsync()).WriteJsonAsync("{}");
        (await asking).Cache.ShouldBe("MISS");
    }

    [Fact]
    public async Task A_slow_follower_holds_up_nobody()
    {
        await using var host = await BothFormsTests.StartAsync(script: null);
        var leading = OpenAsync(host);
        var connection = await host.Upstream.NextRequestAsync();
        await connection.StartSseAsync();
        await connection.WriteChunkAsync(First);
        using var leader = await leading;
        await using var slow = await FollowAsync(host);
        for (var i = 0; i < 5; i++)
        {
            await connection.WriteChunkAsync(Event($"{{\"index\":0,\"delta\":{{\"content\":\"{new string('x', 100_000)}#{i}#\"}},\"finish_reason\":null}}]")).SoonAsync();
            await leader.ReadUntilAsync($"#{i}#");
        }

        await connection.WriteChunkAsync(Last + Done);
        await connection.EndChunksAsync();
        (await leader.ReadToEndAsync()).ShouldEndWith(Done);
        (await EndsCleanAsync(slow)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_stream_too_long_to_be_stored_still_reaches_its_followers()
    {
        await using var host = await BothFormsTests.StartAsync(script: null, cache: cache => cache.MaxBodySize = 10_000);
        var leading = OpenAsync(host);
        var connection = await host.Upstream.NextRequestAsync();
        await connection.StartSseAsync();
        await connection.WriteChunkAsync(First);
        using var leader = await leading;
        using var follower = await OpenAsync(host);
        for (var i = 0; i < 50; i++)
        {
            await connection.WriteChunkAsync(Event($"{{\"index\":0,\"delta\":{{\"content\":\"#{i}#{new string('x', 1000)}\"}},\"finish_reason\":null}}]"));
            await follower.ReadUntilAsync($"#{i}#");
        }

        await connection.WriteChunkAsync(Last + Done);
        await connection.EndChunksAsync();
        (await follower.ReadToEndAsync()).ShouldBe(await leader.ReadToEndAsync());

        var asking = host.PostAsync(Body);
        await (await host.Upstream.NextRequestAsync()).WriteJsonAsync("{}");
        (await asking).Cache.ShouldBe("MISS");
    }

    [Fact]
    public async Task Cut_at_every_byte_nothing_is_stored_and_everybody_sees_it()
    {
        var events = string.Concat(Enumerable.Range(0, 49).Select(i => $"data: {{\"object\":\"text_completion\",\"i\":{i}}}\n\n")) + Done;
        var wire = string.Concat(events.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(text => text + "\n\n").Select(text => $"{text.Length:x}\r\n{text}\r\n")) + "0\r\n\r\n";
        var store = new FakeHybridCache();
        await using var host = await BothFormsTests.StartAsync(
            async connection =>
            {
                await connection.StartSseAsync();
                await connection.WriteAsync(wire[..int.Parse(connection.Request.Text.Split('#')[1])]);
                connection.Close();
            },
            store: store);

        await Parallel.ForEachAsync(Enumerable.Range(0, wire.Length), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (cut, _) =>
        {
            var body = $$$"""{"model":"m","user":"#{{{cut}}}#","stream":true,"stream_options":{"include_usage":true}}""";
            var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => ExchangeAsync(host, body)));
            answers.ShouldAllBe(answer => answer.Status == 502 || answer.End != RawEnd.Complete, $"cut at {cut}");
            answers.ShouldAllBe(answer => !answer.Text.Contains("event: error") || !answer.Text.Contains("[DONE]"));
        });

        store.Entries.ShouldBeEmpty();
        host.UpstreamCalls.ShouldBeLessThan(3 * wire.Length);
    }

    private const string Body = """{"model":"m","user":"why?","stream":true}""";

    private static string Event(string choices) => $"data: {Head}{choices}}}\n\n";

    // Whether the answer's last chunk came.
    private static async Task<bool> EndsCleanAsync(RawHttp client)
    {
        try
        {
            await client.ReadUntilAsync("0\r\n\r\n");
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static Task<StreamingClient> OpenAsync(CacheHost host) => StreamingClient.OpenAsync(host.Client, Body);

    internal static async Task<(RawHttp Client, UpstreamConnection Connection)> LeadAsync(CacheHost host, string body = Body)
    {
        var leader = host.Gateway.Connect();
        await leader.SendAsync(Raw(body));
        var connection = await host.Upstream.NextRequestAsync();
        await connection.StartSseAsync();
        await connection.WriteChunkAsync(First);
        await leader.ReadUntilAsync(First);
        return (leader, connection);
    }

    internal static async Task<RawHttp> FollowAsync(CacheHost host, string body = Body)
    {
        var follower = host.Gateway.Connect();
        await follower.SendAsync(Raw(body));
        (await follower.ReadUntilAsync(First)).ShouldContain("X-Cache-Status: HIT");
        return follower;
    }

    private static async Task<RawAnswer> ExchangeAsync(CacheHost host, string body)
    {
        await using var client = host.Gateway.Connect();
        await client.SendAsync(Raw(body));
        return await client.ReadAnswerAsync();
    }

    internal static string Raw(string body) =>
        $"POST {CacheHost.Path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";
}
