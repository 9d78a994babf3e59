using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace OpenAi.Gateway.Tests.ProxyCache;

public class HitTests
{
    private static readonly string[] OfEachAnswer = ["Date", "Age", "X-Cache-Status", "Set-Cookie", "x-ratelimit-remaining-tokens"];

    [Fact]
    public async Task A_second_equal_question_gets_the_first_answer_without_a_call()
    {
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(("OpenAI-Model", "m"), ("X-Two", "1"), ("X-Two", "2")));

        var first = await host.AskAsync();
        host.Time.Advance(TimeSpan.FromSeconds(2.9));
        var second = await host.AskAsync();

        (first.Status, first.Cache, first.Text, first["Age"]).ShouldBe((200, "MISS", "{\"answer\":1}", null));
        (second.Status, second.Cache, second.Text, second["Age"]).ShouldBe((200, "HIT", "{\"answer\":1}", "2"));
        Rest(second).ShouldBe(Rest(first));
        second["X-Two"].ShouldBe(first["X-Two"]);
        host.UpstreamCalls.ShouldBe(1);
    }

    [Fact]
    public async Task What_openai_sends_with_every_answer_does_not_prevent_storing_and_is_not_replayed()
    {
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(
            ("Cache-Control", "no-cache, must-revalidate"), ("Set-Cookie", "__cf_bm=1; path=/"), ("Set-Cookie", "_cfuvid=2"),
            ("Date", "Tue, 01 Jan 2030 00:00:00 GMT"), ("Server", "cloudflare"), ("Alt-Svc", "h3=\":443\""), ("Age", "77"),
            ("x-ratelimit-remaining-tokens", "149984"), ("x-ratelimit-reset-requests", "8ms"), ("Vary", "Accept-Encoding, Origin")));

        var first = await host.AskAsync();
        var second = await host.AskAsync();

        (first.Cache, second.Cache, host.UpstreamCalls).ShouldBe(("MISS", "HIT", 1));
        first["x-ratelimit-remaining-tokens"].ShouldBe("149984");
        second.Headers.Keys.ShouldNotContain(name => name.StartsWith("x-ratelimit", StringComparison.OrdinalIgnoreCase));
        new[] { first, second }.ShouldAllBe(reply => reply["Set-Cookie"] == null && reply["Alt-Svc"] == null);
        second["Age"].ShouldBe("0");
        second["Cache-Control"].ShouldBe("no-cache, must-revalidate");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Date_and_server_come_once(bool serverHeader)
    {
        await using var host = await CacheHost.StartAsync(
            CacheHost.Numbered(("Date", "Tue, 01 Jan 2030 00:00:00 GMT"), ("Server", "cloudflare")),
            build: builder => builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = serverHeader));
        await using var raw = host.Gateway.Connect();

        foreach (var cache in new[] { "MISS", "HIT" })
        {
            await raw.SendAsync("POST /ask HTTP/1.1\r\nHost: api\r\nContent-Length: 2\r\n\r\n{}");
            var answer = await raw.ReadAnswerAsync();

            answer.Headers[CacheHost.StatusHeader].ShouldBe(cache);
            answer.Headers.Values("Date").Count.ShouldBe(1);
            answer.Headers["Server"].ShouldBe(serverHeader ? "Kestrel" : null);
            answer.Headers.Values("Content-Length").Count.ShouldBe(1);
        }
    }

    [Fact]
    public async Task Past_its_time_the_upstream_is_asked_again()
    {
        await using var host = await CacheHost.StartAsync();
        await host.AskAsync();

        host.Time.Advance(CacheHost.Ttl - TimeSpan.FromTicks(1));
        var atTheEnd = await host.AskAsync();
        host.Time.Advance(TimeSpan.FromTicks(1));
        var past = await host.AskAsync();
        var again = await host.AskAsync();

        (atTheEnd.Cache, atTheEnd["Age"]).ShouldBe(("HIT", "299"));
        (past.Cache, past.Text, past["Age"]).ShouldBe(("EXPIRED", "{\"answer\":2}", null));
        (again.Cache, again.Text, again["Age"]).ShouldBe(("HIT", "{\"answer\":2}", "0"));
    }

    [Theory]
    [InlineData("HIT")]
    [InlineData("MISS")]
    [InlineData("BYPASS")]
    public async Task The_status_header_has_the_name_that_was_chosen_and_the_upstreams_own_stands_behind(string cache)
    {
        await using var host = await CacheHost.StartAsync(
            CacheHost.Numbered(("Apisix-Cache-Status", "UPSTREAM"), ("X-Cache-Status", "OTHER")),
            options => (options.StatusHeader, options.Bypass) = ("Apisix-Cache-Status", ["$arg_fresh"]));
        if (cache == "HIT")
        {
            await host.SendAsync("why?", CacheHost.Path, "POST", "Apisix-Cache-Status", default);
        }

        var path = cache == "BYPASS" ? CacheHost.Path + "?fresh=1" : CacheHost.Path;
        var reply = await host.SendAsync("why?", path, "POST", "Apisix-Cache-Status", default);

        (reply.Cache, reply["X-Cache-Status"]).ShouldBe((cache, "OTHER"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Cache_headers_are_hidden_on_request_but_never_the_status(bool hide)
    {
        await using var host = await CacheHost.StartAsync(
            CacheHost.Numbered(("Cache-Control", "max-age=9"), ("Expires", "Tue, 01 Jan 2030 00:00:09 GMT"), ("Age", "3"), ("X-Other", "o")),
            options => (options.HideCacheHeaders, options.Bypass) = (hide, ["$arg_fresh"]));

        var replies = new[] { await host.AskAsync(), await host.AskAsync(), await host.AskAsync(path: CacheHost.Path + "?fresh=1") };

        replies.Select(reply => reply.Cache).ShouldBe(["MISS", "HIT", "BYPASS"]);
        replies.ShouldAllBe(reply => reply["X-Other"] == "o");
        replies.ShouldAllBe(reply => (reply["Cache-Control"] == null) == hide && (reply["Expires"] == null) == hide && (reply["Age"] == null) == hide);
    }

    [Fact]
    public async Task An_entry_keeps_no_header_that_the_app_itself_sets()
    {
        var count = 0;
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(("X-App", "upstream")), map: app =>
        {
            app.Use((context, next) =>
            {
                context.Response.Headers["X-App"] = $"{++count}";
                return next(context);
            });
            CacheHost.MapAsk(app).UseProxyCache();
        });

        var replies = new[] { await host.AskAsync(), await host.AskAsync() };

        replies.Select(reply => (reply.Cache, reply["X-App"])).ShouldBe([("MISS", "1"), ("HIT", "2")]);
    }

    private static IEnumerable<(string, string)> Rest(CacheReply reply) => reply.Headers
        .Where(header => !OfEachAnswer.Contains(header.Key, StringComparer.OrdinalIgnoreCase))
        .Select(header => (header.Key.ToUpperInvariant(), header.Value))
        .Order();
}
