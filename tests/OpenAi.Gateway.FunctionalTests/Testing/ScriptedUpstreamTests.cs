using System.Net.Sockets;
using System.Text;

namespace OpenAi.Gateway.FunctionalTests.Testing;

public sealed class ScriptedUpstreamTests
{
    private const string Get = "GET /v1/models HTTP/1.1\r\nHost: api\r\n\r\n";

    [Fact]
    public async Task Records_a_request_as_it_was_sent()
    {
        const string Request = "POST /v1/completions?a=b HTTP/1.1\r\n"
            + "host: api\r\nX-Two: 1\r\nx-one: a: b\r\nX-Two: 2\r\nContent-Length: 5\r\n\r\nhello";
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));

        await RawHttp.ExchangeAsync(upstream.Address, Request);

        var request = upstream.Requests.ShouldHaveSingleItem();
        request.ToString().ShouldBe("POST /v1/completions?a=b");
        request.Headers.Names.ShouldBe(["host", "X-Two", "x-one", "X-Two", "Content-Length"]);
        (request.Headers["x-two"], request.Headers["X-One"], request.Headers["none"]).ShouldBe(("1, 2", "a: b", null));
        (request.Text, Encoding.UTF8.GetString(request.Raw)).ShouldBe(("hello", Request));
    }

    [Fact]
    public async Task Reads_a_chunked_request_and_keeps_the_connection()
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync($"\"{connection.Request.Text}\""));
        await using var client = await RawHttp.ConnectAsync(upstream.Address);

        await client.SendAsync("POST / HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello");
        await client.SendAsync("\r\n6;x=y\r\n world\r\n0\r\n\r\n");
        var first = await client.ReadAnswerAsync();
        await client.SendAsync(Get);
        var second = await client.ReadAnswerAsync();

        (first.Status, first.Text, first.End).ShouldBe((200, "\"hello world\"", RawEnd.Complete));
        (second.Text, second.Headers["Content-Type"]).ShouldBe(("\"\"", "application/json"));
        (upstream.Requests.Count, upstream.Connections.Count, upstream.OpenConnections).ShouldBe((2, 1, 1));
    }

    [Fact]
    public async Task Serves_an_http_client_event_by_event()
    {
        await using var upstream = ScriptedUpstream.Start();
        using var client = new HttpClient { BaseAddress = upstream.Address };

        var pending = client.GetStreamAsync("/v1/stream");
        var connection = await upstream.NextRequestAsync();
        await connection.StartSseAsync(("X-Request-Id", "r1"));
        using var events = new StreamReader(await pending.SoonAsync());
        foreach (var data in new[] { "one", "two", "[DONE]" })
        {
            await connection.WriteEventAsync(data);
            (await events.ReadLineAsync().SoonAsync()).ShouldBe($"data: {data}");
            (await events.ReadLineAsync().SoonAsync()).ShouldBe("");
        }

        await connection.EndChunksAsync();
        (await events.ReadLineAsync().SoonAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task Ends_an_answer_early_with_a_close()
    {
        await using var upstream = ScriptedUpstream.Start(async connection =>
        {
            await connection.StartSseAsync();
            await connection.WriteEventAsync("half");
            connection.Close();
        });

        var answer = await RawHttp.ExchangeAsync(upstream.Address, Get);

        (answer.Text, answer.End).ShouldBe(("data: half\n\n", RawEnd.ClosedEarly));
    }

    [Fact]
    public async Task Ends_an_answer_early_with_a_reset()
    {
        await using var upstream = ScriptedUpstream.Start();
        await using var client = await RawHttp.ConnectAsync(upstream.Address);
        await client.SendAsync(Get);
        var connection = await upstream.NextRequestAsync();
        await connection.WriteHeadAsync(200, ("Content-Length", "100"));
        await connection.WriteAsync("half");
        await client.ReadUntilAsync("half");

        connection.Reset();

        (await client.ReadToCloseAsync()).ShouldBe(RawEnd.Reset);
        await connection.PeerClosed.SoonAsync();
    }

    [Fact]
    public async Task Resets_without_an_answer()
    {
        await using var upstream = ScriptedUpstream.Start(connection =>
        {
            connection.Reset();
            return Task.CompletedTask;
        });
        using var client = new HttpClient();

        var answer = await RawHttp.ExchangeAsync(upstream.Address, Get);
        var error = await Should.ThrowAsync<HttpRequestException>(() => client.GetAsync(upstream.Address));

        (answer.Status, answer.End).ShouldBe((0, RawEnd.Reset));
        error.GetBaseException().ShouldBeOfType<SocketException>().SocketErrorCode.ShouldBe(SocketError.ConnectionReset);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Tells_when_the_peer_has_gone(bool withReset)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.HangAsync());
        var client = await RawHttp.ConnectAsync(upstream.Address);
        await client.SendAsync(Get);
        var connection = await upstream.NextRequestAsync();
        connection.PeerClosed.IsCompleted.ShouldBeFalse();

        if (withReset)
        {
            client.Reset();
        }

        await client.DisposeAsync();

        await connection.PeerClosed.SoonAsync();
        upstream.OpenConnections.ShouldBe(0);
    }

    [Fact]
    public async Task Reports_a_script_that_failed()
    {
        var upstream = ScriptedUpstream.Start(_ => throw new InvalidOperationException("Not as expected."));

        var answer = await RawHttp.ExchangeAsync(upstream.Address, Get);

        answer.End.ShouldNotBe(RawEnd.Complete);
        var error = await Should.ThrowAsync<AggregateException>(async () => await upstream.DisposeAsync());
        error.InnerException!.Message.ShouldBe("Not as expected.");
    }

    [Fact]
    public async Task Answers_a_thousand_parallel_requests()
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync($"\"{connection.Request.Target}\""));
        using var client = new HttpClient { BaseAddress = upstream.Address };

        var answers = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(number => client.GetStringAsync($"/{number}"))).SoonAsync();

        answers.ShouldBe(Enumerable.Range(0, 1_000).Select(number => $"\"/{number}\""));
        upstream.Requests.Count.ShouldBe(1_000);
    }

    [Fact]
    public async Task Holds_a_thousand_connections_at_once()
    {
        await using var upstream = ScriptedUpstream.Start();
        using var client = new HttpClient { BaseAddress = upstream.Address };

        var pending = Enumerable.Range(0, 1_000).Select(number => client.GetStringAsync($"/{number}")).ToArray();
        foreach (var _ in pending)
        {
            await upstream.NextRequestAsync();
        }

        upstream.OpenConnections.ShouldBe(1_000);
        await Task.WhenAll(upstream.Connections.Select(connection => connection.WriteJsonAsync("{}")));
        (await Task.WhenAll(pending).SoonAsync()).ShouldAllBe(answer => answer == "{}");
    }
}
