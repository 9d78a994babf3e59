using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway.Tests.ProxyCache;

public class StaleTests
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(30);

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(599)]
    public async Task A_failing_upstream_is_answered_for_with_the_old_body(int status)
    {
        await using var host = await StartAsync(connection => connection.WriteJsonAsync(
            "{\"error\":\"down\"}", status, ("X-Failure", "yes"), ("Retry-After", "9"), ("Content-Language", "en")));

        var reply = await AskPastItsTimeAsync(host);

        ShouldBeStale(reply);
        reply.Headers.Keys.ShouldNotContain(name => name == "X-Failure" || name == "Retry-After" || name == "Content-Language");
        host.UpstreamCalls.ShouldBe(2);
    }

    [Fact]
    public async Task A_stalled_failure_does_not_delay_the_old_body()
    {
        await using var host = await StartAsync(async connection =>
        {
            await connection.WriteHeadAsync(503, ("Content-Length", "99"));
            await connection.WriteAsync("half");
            await connection.HangAsync();
        });

        ShouldBeStale(await AskPastItsTimeAsync(host));
    }

    [Theory]
    [InlineData("HTTP/1.1 503 Down\r\nContent-Length: 99\r\n\r\nhalf")]
    [InlineData("HTTP/1.1 503 Down\r\nContent-Type: text/event-stream\r\n\r\ndata: half")]
    [InlineData("HTTP/1.1 503 Down\r\nContent-Type: text/event-stream\r\n\r\n")]
    [InlineData("HTTP/1.1 503 Down\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("HTTP/1.1 503 Down\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nha")]
    [InlineData("")]
    public async Task A_failure_that_breaks_off_does_not_break_the_old_body(string raw)
    {
        await using var host = await StartAsync(async connection =>
        {
            await connection.WriteAsync(raw);
            connection.Reset();
        });

        ShouldBeStale(await AskPastItsTimeAsync(host));
    }

    [Theory]
    [InlineData("starts")]
    [InlineData("flushes")]
    [InlineData("completes")]
    [InlineData("writes")]
    [InlineData("says nothing")]
    public async Task A_failing_endpoint_of_the_apps_own_that(string how)
    {
        var isDown = false;
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), map: app => app.MapPost(CacheHost.Path, (HttpResponse response) =>
        {
            response.StatusCode = isDown ? 503 : 200;
            return !isDown ? response.WriteAsJsonAsync(new { answer = 1 }) : how switch
            {
                "starts" => response.StartAsync(),
                "flushes" => response.Body.FlushAsync(),
                "completes" => response.CompleteAsync(),
                "writes" => response.WriteAsync("down"),
                _ => Task.CompletedTask,
            };
        }).UseProxyCache(cache => cache.StaleIfError = Window).UseLimitCount(limit => (limit.Count, limit.TimeWindow) = (9, Window)));
        await host.AskAsync();
        isDown = true;
        host.Time.Advance(CacheHost.Ttl);

        var reply = await host.AskAsync();

        (reply.Status, reply.Cache, reply.Text, reply["X-RateLimit-Remaining"]).ShouldBe((200, "STALE", "{\"answer\":1}", "7"));
    }

    [Fact]
    public async Task An_upstream_that_refuses_the_connection()
    {
        var isDown = false;
        await using var host = await CacheHost.StartAsync(
            CacheHost.Numbered(),
            cache => cache.StaleIfError = Window,
            upstream: upstream => upstream.ConfigureHandler(handler => handler.ConnectCallback = async (context, cancel) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(isDown ? new IPEndPoint(IPAddress.Loopback, 1) : context.DnsEndPoint, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            }));
        await host.AskAsync();
        host.Upstream.Connections[0].Reset();
        await host.Upstream.Connections[0].PeerClosed.SoonAsync();
        isDown = true;
        host.Time.Advance(CacheHost.Ttl);

        ShouldBeStale(await host.AskAsync(), age: 300);
    }

    [Fact]
    public async Task An_upstream_that_does_not_answer_in_time()
    {
        await using var host = await StartAsync(connection => connection.HangAsync());
        await host.AskAsync();
        host.Time.Advance(CacheHost.Ttl);

        var asking = host.AskAsync();
        await host.WhenDueAsync(TimeSpan.FromSeconds(3));
        host.Time.Advance(TimeSpan.FromSeconds(3));

        ShouldBeStale(await asking, age: 303);
    }

    [Fact]
    public async Task Beyond_its_window_the_error_is_told()
    {
        await using var host = await StartAsync(connection => connection.WriteJsonAsync("{\"error\":\"down\"}", 503));
        await host.AskAsync();

        host.Time.Advance(CacheHost.Ttl + Window - TimeSpan.FromTicks(1));
        var within = await host.AskAsync();
        host.Time.Advance(TimeSpan.FromTicks(1));
        var beyond = await host.AskAsync();

        (within.Status, within.Cache).ShouldBe((200, "STALE"));
        (beyond.Status, beyond.Cache, beyond.Text, beyond["Age"]).ShouldBe((503, "EXPIRED", "{\"error\":\"down\"}", null));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(429)]
    public async Task A_refusal_is_told(int status)
    {
        await using var host = await StartAsync(connection => connection.WriteJsonAsync("{}", status));

        var reply = await AskPastItsTimeAsync(host);

        (reply.Status, reply.Cache).ShouldBe((status, "EXPIRED"));
    }

    [Fact]
    public async Task By_default_the_error_is_told()
    {
        await using var host = await CacheHost.StartAsync(CacheHost.OneAfterAnother(CacheHost.Numbered(), connection => connection.WriteJsonAsync("{}", 503)));

        (await AskPastItsTimeAsync(host)).Status.ShouldBe(503);
    }

    [Fact]
    public async Task All_who_wait_get_the_old_body()
    {
        await using var host = await CacheHost.StartAsync(script: null, cache => cache.StaleIfError = Window);
        var first = host.AskAsync();
        await (await host.Upstream.NextRequestAsync()).WriteJsonAsync("{\"answer\":1}");
        await first;
        host.Time.Advance(CacheHost.Ttl);
        var waiting = Enumerable.Range(0, 5).Select(_ => host.AskAsync()).ToArray();
        var connection = await host.Upstream.NextRequestAsync();
        await host.Time.WhenArmedAsync(1 + 4);

        await connection.WriteJsonAsync("{}", 500);

        foreach (var reply in await Task.WhenAll(waiting))
        {
            ShouldBeStale(reply, age: 300);
        }

        host.UpstreamCalls.ShouldBe(2);
    }

    [Theory]
    [InlineData("no-cache", 0, 10)]
    [InlineData("max-age=0", 0, 10)]
    [InlineData("no-cache", 1800, 10)]
    [InlineData("no-cache", 1800, 360)]
    [InlineData("max-age=300", 1800, 360)]
    public async Task Who_refused_the_old_body_is_told_the_error(string control, int window, int age)
    {
        await using var host = await CacheHost.StartAsync(
            CacheHost.OneAfterAnother(CacheHost.Numbered(), connection => connection.WriteJsonAsync("{\"error\":\"down\"}", 500)),
            cache => (cache.ClientCacheControl, cache.StaleIfError) = (true, TimeSpan.FromSeconds(window)));
        await host.AskAsync();
        host.Time.Advance(TimeSpan.FromSeconds(age));

        var reply = await host.AskAsync(headers: ("Cache-Control", control));

        (reply.Status, reply.Cache, reply.Text).ShouldBe((500, "EXPIRED", "{\"error\":\"down\"}"));
    }

    [Fact]
    public async Task Who_waits_and_refuses_the_old_body_asks_the_upstream_itself()
    {
        await using var host = await CacheHost.StartAsync(script: null, cache => (cache.ClientCacheControl, cache.StaleIfError) = (true, Window));
        var first = host.AskAsync();
        await (await host.Upstream.NextRequestAsync()).WriteJsonAsync("{\"answer\":1}");
        await first;
        host.Time.Advance(CacheHost.Ttl);
        var leading = host.AskAsync();
        var connection = await host.Upstream.NextRequestAsync();
        var waiting = host.AskAsync(headers: ("Cache-Control", "max-age=300, min-fresh=1"));
        await host.Time.WhenArmedAsync(1 + 1);

        await connection.WriteJsonAsync("{}", 500);
        await (await host.Upstream.NextRequestAsync()).WriteJsonAsync("{\"answer\":2}");

        ShouldBeStale(await leading, age: 300);
        var own = await waiting;
        (own.Cache, own.Text).ShouldBe(("EXPIRED", "{\"answer\":2}"));
    }

    [Fact]
    public async Task Who_leads_because_the_first_one_left_can_be_given_the_old_body_too()
    {
        await using var host = await CacheHost.StartAsync(script: null, cache => cache.StaleIfError = Window);
        var first = host.AskAsync();
        await (await host.Upstream.NextRequestAsync()).WriteJsonAsync("{\"answer\":1}");
        await first;
        host.Time.Advance(CacheHost.Ttl);
        using var leave = new CancellationTokenSource();
        var leading = host.AskAsync(leave.Token);
        await host.Upstream.NextRequestAsync();
        var waiting = host.AskAsync();
        await host.Time.WhenArmedAsync(1 + 1);

        await leave.CancelAsync();
        await (await host.Upstream.NextRequestAsync()).WriteJsonAsync("{}", 500);

        ShouldBeStale(await waiting, age: 300);
        await Should.ThrowAsync<OperationCanceledException>(leading);
    }

    [Fact]
    public async Task A_limits_refusal_is_told_whatever_its_status()
    {
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), map: app => CacheHost.MapAsk(app)
            .UseProxyCache(cache => cache.StaleIfError = Window)
            .UseLimitCount(limit =>
            {
                (limit.Count, limit.TimeWindow, limit.CountCacheHits) = (1, TimeSpan.FromHours(1), false);
                limit.RejectedCode = StatusCodes.Status503ServiceUnavailable;
            }));

        var reply = await AskPastItsTimeAsync(host);

        (reply.Status, reply.Cache).ShouldBe((503, "EXPIRED"));
        reply.Text.ShouldContain("\"code\":\"rate_limit_exceeded\"");
    }

    [Fact]
    public async Task A_refusal_for_want_of_a_place_is_told_whatever_its_status()
    {
        await using var host = await CacheHost.StartAsync(script: null, map: app => CacheHost.MapAsk(app)
            .UseProxyCache(cache => cache.StaleIfError = Window)
            .UseLimitConcurrency(limit => (limit.Permits, limit.RejectedCode) = (1, StatusCodes.Status503ServiceUnavailable)));
        var first = host.AskAsync();
        await (await host.Upstream.NextRequestAsync()).WriteJsonAsync("{\"answer\":1}");
        await first;
        host.Time.Advance(CacheHost.Ttl);
        var busy = host.AskAsync("another");
        var connection = await host.Upstream.NextRequestAsync();

        var reply = await host.AskAsync();

        (reply.Status, reply.Cache).ShouldBe((503, "EXPIRED"));
        reply.Text.ShouldContain("\"code\":\"concurrency_limit_exceeded\"");
        await connection.WriteJsonAsync("{\"answer\":2}");
        await busy;
    }

    private static Task<CacheHost> StartAsync(Func<UpstreamConnection, Task> failure) => CacheHost.StartAsync(
        CacheHost.OneAfterAnother(CacheHost.Numbered(("X-Id", "1")), failure),
        cache => cache.StaleIfError = Window,
        upstream: upstream => upstream.FirstByteTimeout = TimeSpan.FromSeconds(3));

    private static async Task<CacheReply> AskPastItsTimeAsync(CacheHost host)
    {
        await host.AskAsync();
        host.Time.Advance(CacheHost.Ttl + TimeSpan.FromMinutes(1));
        return await host.AskAsync();
    }

    private static void ShouldBeStale(CacheReply reply, int age = 360) => (reply.Status, reply.Cache, reply.Text, reply["Content-Type"], reply["Age"])
        .ShouldBe((200, "STALE", "{\"answer\":1}", "application/json", $"{age}"));
}
