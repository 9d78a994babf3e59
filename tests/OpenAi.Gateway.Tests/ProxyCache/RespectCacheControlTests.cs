namespace OpenAi.Gateway.Tests.ProxyCache;

public class RespectCacheControlTests
{
    [Theory]
    [InlineData("no-cache", 0, "MISS")]
    [InlineData("no-store", 0, "BYPASS")]
    [InlineData("max-age=10", 10, "HIT")]
    [InlineData("max-age=9", 10, "MISS")]
    [InlineData("max-age=0", 1, "MISS")]
    [InlineData("min-fresh=290", 10, "HIT")]
    [InlineData("min-fresh=291", 10, "MISS")]
    [InlineData("only-if-cached", 10, "HIT")]
    [InlineData("max-age=99, min-fresh=1", 10, "HIT")]
    [InlineData("nonsense;;;", 10, "HIT")]
    [InlineData("max-age=99999999999", 10, "HIT")]
    [InlineData("min-fresh=99999999999", 10, "MISS")]
    [InlineData("no-cache, max-age=99999999999", 10, "MISS")]
    [InlineData("max-stale=99999999999, no-store", 10, "BYPASS")]
    public async Task The_client_is_obeyed_when_told_so(string control, int age, string cache)
    {
        await using var obeying = await CacheHost.StartAsync(options => options.RespectCacheControl = true);
        await using var obeyingClients = await CacheHost.StartAsync(
            CacheHost.Numbered(("Cache-Control", "no-store, private")), options => options.ClientCacheControl = true);
        await using var deaf = await CacheHost.StartAsync();

        (await AskAgainAsync(obeying)).ShouldBe(cache == "MISS" ? "EXPIRED" : cache);
        (await AskAgainAsync(obeyingClients)).ShouldBe(cache == "MISS" ? "EXPIRED" : cache);
        (await AskAgainAsync(deaf)).ShouldBe("HIT");

        async Task<string?> AskAgainAsync(CacheHost host)
        {
            await host.AskAsync();
            host.Time.Advance(TimeSpan.FromSeconds(age));
            return (await host.AskAsync(headers: ("Cache-Control", control))).Cache;
        }
    }

    [Theory]
    [InlineData("no-cache", "{\"answer\":2}")]
    [InlineData("no-store", "{\"answer\":1}")]
    [InlineData("max-age=0", "{\"answer\":2}")]
    public async Task A_new_answer_is_stored_unless_the_client_forbids_it(string control, string then)
    {
        await using var host = await CacheHost.StartAsync(options => options.ClientCacheControl = true);
        await host.AskAsync();
        host.Time.Advance(TimeSpan.FromTicks(1));

        (await host.AskAsync(headers: ("Cache-Control", control))).Text.ShouldBe("{\"answer\":2}");

        var reply = await host.AskAsync();
        (reply.Cache, reply.Text).ShouldBe(("HIT", then));
    }

    [Fact]
    public async Task Who_wants_a_new_answer_does_not_wait_for_one_in_flight()
    {
        await using var host = await CacheHost.StartAsync(script: null, options => options.ClientCacheControl = true);
        var leading = host.AskAsync();
        var first = await host.Upstream.NextRequestAsync();

        var asking = host.AskAsync(headers: ("Cache-Control", "no-cache"));
        await (await host.Upstream.NextRequestAsync()).WriteJsonAsync("\"new\"");

        (await asking).Text.ShouldBe("\"new\"");
        await first.WriteJsonAsync("\"old\"");
        (await leading).Text.ShouldBe("\"old\"");
    }

    [Fact]
    public async Task Who_wants_a_new_stream_gets_one_and_it_is_stored()
    {
        var calls = 0;
        await using var host = await CacheHost.StartAsync(
            connection => BrokenAnswerTests.SendEventsAsync(connection, $"data: {Interlocked.Increment(ref calls)}\n\ndata: [DONE]\n\n"),
            options => options.ClientCacheControl = true);
        const string Question = "why?\",\"stream\":true,\"user\":\"";
        await host.AskAsync(Question);

        (await host.AskAsync(Question, headers: ("Cache-Control", "no-cache"))).Text.ShouldBe("data: 2\n\ndata: [DONE]\n\n");

        (await host.AskAsync(Question)).Text.ShouldBe("data: 2\n\ndata: [DONE]\n\n");
        host.UpstreamCalls.ShouldBe(2);
    }

    [Theory]
    [InlineData("only-if-cached", "POST", "MISS")]
    [InlineData("only-if-cached, no-cache", "POST", "MISS")]
    [InlineData("only-if-cached, no-store", "POST", "BYPASS")]
    [InlineData("only-if-cached", "PUT", "BYPASS")]
    public async Task Only_if_cached_is_answered_504_without_a_call(string control, string method, string cache)
    {
        await using var host = await CacheHost.StartAsync(options => options.RespectCacheControl = true);

        var reply = await host.AskAsync(method: method, headers: ("Cache-Control", control));

        (reply.Status, reply.Cache, host.UpstreamCalls).ShouldBe((504, cache, 0));
        reply.Text.ShouldContain("\"code\":\"not_cached\"");
    }

    [Theory]
    [InlineData("max-age=10", true, 200)]
    [InlineData("max-age=10, must-revalidate", true, 503)]
    [InlineData("max-age=10, proxy-revalidate", true, 503)]
    [InlineData("s-maxage=10", true, 503)]
    [InlineData("max-age=10, must-revalidate", false, 200)]
    public async Task What_the_upstream_forbids_to_give_stale_is_not(string control, bool isRespected, int status)
    {
        await using var host = await CacheHost.StartAsync(
            CacheHost.OneAfterAnother(CacheHost.Numbered(("Cache-Control", control)), connection => connection.WriteJsonAsync("{}", 503)),
            options => (options.RespectCacheControl, options.StaleIfError) = (isRespected, TimeSpan.FromHours(1)));
        await host.AskAsync();
        host.Time.Advance(CacheHost.Ttl);

        (await host.AskAsync()).Status.ShouldBe(status);
    }

    [Theory]
    [InlineData("Cache-Control", "max-age=120", "110", 10)]
    [InlineData("Cache-Control", "public", "110", 190)]
    [InlineData("Expires", "Tue, 01 Jan 2030 00:00:07 GMT", "110", 7)]
    [InlineData("Cache-Control", "max-age=120", "120", 0)]
    [InlineData("Cache-Control", "max-age=120", "99999999999", 0)]
    [InlineData("Cache-Control", "max-age=120", "soon", 120)]
    public async Task An_answer_is_as_old_as_the_upstream_says(string header, string value, string age, int seconds)
    {
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered((header, value), ("Age", age)), options => options.RespectCacheControl = true);
        await host.AskAsync();

        host.Time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromTicks(seconds > 0 ? 1 : 0));
        var before = await host.AskAsync();
        host.Time.Advance(TimeSpan.FromTicks(1));
        var after = await host.AskAsync();

        (before.Cache == "HIT", after.Cache == "HIT").ShouldBe((seconds > 0, false));
        before["Age"].ShouldBe(seconds == 0 ? age : $"{seconds - 1 + (age == "110" ? 110 : 0)}");
    }

    [Theory]
    [InlineData("Cache-Control", "no-store", 0)]
    [InlineData("Cache-Control", "private", 0)]
    [InlineData("Cache-Control", "no-cache, must-revalidate", 0)]
    [InlineData("Cache-Control", "max-age=0", 0)]
    [InlineData("Cache-Control", "max-age=7", 7)]
    [InlineData("Cache-Control", "max-age=900", 900)]
    [InlineData("Cache-Control", "s-maxage=7, max-age=9", 7)]
    [InlineData("Cache-Control", "public", 300)]
    [InlineData("Expires", "Tue, 01 Jan 2030 00:00:07 GMT", 7)]
    [InlineData("Expires", "Tue, 01 Jan 2030 00:00:00 GMT", 0)]
    [InlineData("Expires", "0", 0)]
    [InlineData("Expires", "Fri, 31 Dec 9999 23:59:59 GMT", 86_400)]
    [InlineData("Cache-Control", "max-age=2147483647", 86_400)]
    [InlineData("Cache-Control", "max-age=99999999999", 86_400)]
    [InlineData("Cache-Control", "no-store, max-age=99999999999", 0)]
    public async Task The_upstream_is_obeyed_when_told_so(string header, string value, int seconds)
    {
        await using var obeying = await CacheHost.StartAsync(CacheHost.Numbered((header, value)), options => options.RespectCacheControl = true);
        await using var deaf = await CacheHost.StartAsync(CacheHost.Numbered((header, value)));

        (await IsFreshAsync(deaf, CacheHost.Ttl)).ShouldBe((true, false));
        (await IsFreshAsync(obeying, TimeSpan.FromSeconds(seconds))).ShouldBe((seconds > 0, seconds == 86_400));
        obeying.Gateway.Logs.Entries.ShouldNotContain(entry => entry.EventId.Name == "StoreFailed");

        static async Task<(bool Before, bool At)> IsFreshAsync(CacheHost host, TimeSpan end)
        {
            await host.AskAsync();
            host.Time.Advance(end > TimeSpan.Zero ? end - TimeSpan.FromTicks(1) : end);
            var before = (await host.AskAsync()).Cache == "HIT";
            host.Time.Advance(TimeSpan.FromTicks(1));
            return (before, (await host.AskAsync()).Cache == "HIT");
        }
    }
}
