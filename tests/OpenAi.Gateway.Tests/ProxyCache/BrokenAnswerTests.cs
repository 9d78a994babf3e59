namespace OpenAi.Gateway.Tests.ProxyCache;

public class BrokenAnswerTests
{
    private const string Question = "POST /ask HTTP/1.1\r\nHost: api\r\nContent-Length: 2\r\n\r\n{}";
    private const string Json = "{\"answer\":1}";
    private const string Events = "data: {\"text\":\"a\"}\n\ndata: {\"text\":\"b\"}\n\ndata: [DONE]\n\n";
    private const string WithLength = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n" + Json;
    private const string Chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"ans\r\n7\r\nwer\":1}\r\n0\r\n\r\n";

    public static TheoryData<string, int, bool> Cuts()
    {
        var cuts = new TheoryData<string, int, bool>();
        foreach (var whole in new[] { WithLength, Chunked })
        {
            var head = whole.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
            foreach (var at in new[] { 0, 9, head - 2, head, head + 1, head + 4, head + 7, head + 11, whole.Length - 2, whole.Length - 1 })
            {
                cuts.Add(whole, at, false);
                cuts.Add(whole, at, true);
            }
        }

        return cuts;
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task An_answer_that_is_cut_is_never_stored(string whole, int at, bool withReset)
    {
        await using var host = await CacheHost.StartAsync(CacheHost.OneAfterAnother(
            async connection =>
            {
                await connection.WriteAsync(whole[..at]);
                EndWith(connection, withReset);
            },
            connection => connection.WriteJsonAsync("\"whole\"")));

        await using (var raw = host.Gateway.Connect())
        {
            await raw.SendAsync(Question);
            var cut = await raw.ReadAnswerAsync();
            (cut.Status == 502 || cut.End != RawEnd.Complete).ShouldBeTrue($"{cut.Status} {cut.End}: {cut.RawText}");
        }

        await ShouldAskAgainAsync(host);
    }

    [Fact]
    public async Task An_answer_longer_than_announced_is_stored_as_announced_or_not_at_all()
    {
        await using var host = await CacheHost.StartAsync(connection => connection.WriteAsync(
            $"HTTP/1.1 200 OK\r\nContent-Length: {Json.Length}\r\nConnection: close\r\n\r\n{Json}garbage"));

        var replies = new[] { await host.AskAsync(), await host.AskAsync() };

        replies.ShouldAllBe(reply => reply.Text == Json);
    }

    [Fact]
    public async Task An_answer_that_falls_silent_is_never_stored()
    {
        await using var host = await CacheHost.StartAsync(script: null, upstream: upstream => upstream.IdleTimeout = TimeSpan.FromSeconds(7));
        await using var raw = host.Gateway.Connect();
        await raw.SendAsync(Question);
        var connection = await host.Upstream.NextRequestAsync();
        await connection.WriteHeadAsync(200, ("Content-Length", "12"));
        await connection.WriteAsync("{\"ans");
        await raw.ReadUntilAsync("{\"ans");

        await host.WhenDueAsync(TimeSpan.FromSeconds(7));
        host.Time.Advance(TimeSpan.FromSeconds(7));
        (await raw.ReadToCloseAsync()).ShouldNotBe(RawEnd.Complete);

        await ShouldAskAgainAsync(host, connection => connection.WriteJsonAsync("\"whole\""));
    }

    [Fact]
    public async Task An_answer_that_ends_with_its_connection_is_never_stored()
    {
        await using var host = await CacheHost.StartAsync(CacheHost.OneAfterAnother(
            async connection =>
            {
                await connection.WriteAsync($"HTTP/1.1 200 OK\r\n\r\n{Json}");
                connection.Close();
            },
            connection => connection.WriteJsonAsync("\"whole\"")));

        (await host.AskAsync()).Text.ShouldBe(Json);

        await ShouldAskAgainAsync(host);
    }

    [Theory]
    [InlineData("data: {\"text\":\"a\"}\n\n")]
    [InlineData("data: {\"text\":\"a\"}\n\ndata: [DON")]
    [InlineData("")]
    public async Task A_stream_without_its_last_event_is_never_stored(string events)
    {
        await using var host = await CacheHost.StartAsync(CacheHost.OneAfterAnother(
            connection => SendEventsAsync(connection, events),
            connection => connection.WriteJsonAsync("\"whole\"")));

        (await host.AskAsync()).Text.ShouldBe(events);

        await ShouldAskAgainAsync(host);
    }

    [Theory]
    [InlineData("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"error\":{\"message\":\"out of memory\",\"code\":500}}\n\ndata: [DONE]\n\n")]
    [InlineData("data: {\"id\":\"1\", \"error\" : \"overloaded\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"error\"}]}\n\ndata: [DONE]\n\n")]
    [InlineData("event: error\ndata: {\"message\":\"overloaded\"}\n\ndata: [DONE]\n\n")]
    public async Task A_stream_of_a_chat_that_tells_an_error_is_never_stored_whatever_follows(string events)
    {
        await using var host = await BothFormsTests.StartAsync(CacheHost.OneAfterAnother(
            connection => SendEventsAsync(connection, events),
            connection => connection.WriteJsonAsync("\"whole\"")));
        const string question = """{"model":"m","stream":true,"stream_options":{"include_usage":true}}""";

        (await host.PostAsync(question)).Text.ShouldBe(events);

        var reply = await host.PostAsync(question);
        (reply.Cache, reply.Text).ShouldBe(("MISS", "\"whole\""));
    }

    [Theory]
    [InlineData("""{"error":{"message":"Provider returned error","code":502},"user_id":"u"}""", "MISS")]
    [InlineData("""{"id":"1","choices":[{"index":0,"finish_reason":"error"}],"error":{"message":"Provider returned error"}}""", "MISS")]
    [InlineData("""{"id":"1","error":null,"choices":[{"message":{"content":"a \"error\":{}"}}]}""", "HIT")]
    [InlineData("""{"id":"1","choices":[{"message":{"result":{"error":{"code":1}}}}]}""", "HIT")]
    public async Task A_json_answer_that_is_an_error_is_never_stored_whatever_its_status(string answer, string expected)
    {
        await using var host = await BothFormsTests.StartAsync(connection => connection.WriteJsonAsync(answer));

        (await host.PostAsync("""{"model":"m"}""")).Text.ShouldBe(answer);

        (await host.PostAsync("""{"model":"m"}""")).Cache.ShouldBe(expected);
    }

    [Theory]
    [InlineData("event: response.failed\ndata: {}\n\n", true)]
    [InlineData("event: error\ndata: {}\n\n", true)]
    [InlineData("event: response.created\ndata: {}\n\n", false)]
    public async Task A_stream_of_the_responses_api_that_failed_or_was_cut_is_never_stored(string events, bool hasEnd)
    {
        await using var host = await BothFormsTests.StartAsync(
            CacheHost.OneAfterAnother(
                async connection =>
                {
                    await connection.StartSseAsync();
                    await connection.WriteChunkAsync(events);
                    await (hasEnd ? connection.EndChunksAsync() : Task.CompletedTask);
                    connection.Close();
                },
                connection => connection.WriteJsonAsync("\"whole\"")),
            path: "/v1/responses");

        await using (var raw = host.Gateway.Connect())
        {
            await raw.SendAsync(Question);
            (await raw.ReadAnswerAsync()).Text.ShouldStartWith(events);
        }

        var reply = await host.PostAsync("{}");
        (reply.Cache, reply.Text).ShouldBe(("MISS", "\"whole\""));
    }

    [Fact]
    public async Task A_whole_stream_is_stored_and_replayed_byte_for_byte()
    {
        await using var host = await CacheHost.StartAsync(connection => SendEventsAsync(connection, Events));

        const string question = "why?\",\"stream\":true,\"user\":\"";
        var replies = new[] { await host.AskAsync(question), await host.AskAsync(question) };

        replies.ShouldAllBe(reply => reply.Text == Events && reply["Content-Type"] == "text/event-stream");
        (replies[1].Cache, host.UpstreamCalls).ShouldBe(("HIT", 1));
    }

    [Fact]
    public async Task An_answer_that_the_client_did_not_wait_for_is_never_stored()
    {
        await using var host = await CacheHost.StartAsync(script: null);
        var raw = host.Gateway.Connect();
        await raw.SendAsync(Question);
        var connection = await host.Upstream.NextRequestAsync();
        await connection.WriteHeadAsync(200, ("Content-Length", "12"));
        await connection.WriteAsync("{\"ans");
        await raw.ReadUntilAsync("{\"ans");

        raw.Reset();
        await connection.PeerClosed.SoonAsync();

        await ShouldAskAgainAsync(host, next => next.WriteJsonAsync("\"whole\""));
    }

    internal static async Task SendEventsAsync(UpstreamConnection connection, string events)
    {
        await connection.StartSseAsync();
        foreach (var part in events.Chunk(20))
        {
            await connection.WriteChunkAsync(new string(part));
        }

        await connection.EndChunksAsync();
    }

    private static void EndWith(UpstreamConnection connection, bool reset)
    {
        if (reset)
        {
            connection.Reset();
        }
        else
        {
            connection.Close();
        }
    }

    private static async Task ShouldAskAgainAsync(CacheHost host, Func<UpstreamConnection, Task>? answer = null)
    {
        var asking = host.AskAsync();
        if (answer is not null)
        {
            await answer(await host.Upstream.NextRequestAsync());
        }

        var reply = await asking;
        (reply.Cache, reply.Text).ShouldBe(("MISS", "\"whole\""));
    }
}
