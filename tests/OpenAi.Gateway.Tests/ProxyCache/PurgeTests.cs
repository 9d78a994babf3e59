using System.Net;
using Microsoft.AspNetCore.Builder;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.ProxyCache;

public class PurgeTests
{
    [Theory]
    [InlineData("route")]
    [InlineData("group")]
    [InlineData("app")]
    public async Task An_entry_is_removed_wherever_the_cache_was_written(string place)
    {
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), map: app =>
        {
            var group = app.MapGroup("");
            var route = group.MapOpenAiRoute("/ask", "openai");
            _ = place switch { "route" => route.UseProxyCache(), "group" => group.UseProxyCache(), _ => (object)app.UseProxyCache() };
        });
        await host.AskAsync();
        await host.AskAsync("another");

        var replies = new[] { await host.AskAsync(method: "PURGE"), await host.AskAsync(method: "PURGE") };

        replies.Select(reply => reply.Status).ShouldBe([200, 404]);
        replies[1].Text.ShouldContain("\"code\":\"not_cached\"");
        replies[1].Text.ShouldContain("\"error_msg\":");
        (await host.AskAsync()).Cache.ShouldBe("MISS");
        (await host.AskAsync("another")).Cache.ShouldBe("HIT");
    }

    [Fact]
    public async Task An_entry_past_its_time_is_removed_too()
    {
        await using var host = await CacheHost.StartAsync();
        await host.AskAsync();
        host.Time.Advance(CacheHost.Ttl);

        (await host.AskAsync(method: "PURGE")).Status.ShouldBe(200);
        (await host.AskAsync()).Cache.ShouldBe("MISS");
    }

    [Theory]
    [InlineData("$request_method")]
    [InlineData("${request_method}")]
    [InlineData("m:$request_method")]
    public async Task An_entry_is_removed_however_its_key_writes_the_method(string part)
    {
        await using var host = await CacheHost.StartAsync(cache => cache.Key = [part, "$uri", "$request_body", "$consumer_name"]);
        await host.AskAsync();

        (await host.AskAsync(method: "PURGE")).Status.ShouldBe(200);
        (await host.AskAsync()).Cache.ShouldBe("MISS");
    }

    [Theory]
    [InlineData("""{"model":"fast","prompt":"why?"}""")]
    [InlineData("""{"model":"fast","prompt":"why?","stream":true}""")]
    [InlineData("""{"model":"fast","prompt":"why?","stream":true,"stream_options":{"include_usage":true}}""")]
    public async Task An_entry_is_removed_by_a_question_in_any_form(string question)
    {
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), map: app => CacheHost.MapAsk(app)
            .UseModels(models => models.Aliases["fast"] = "gpt-4.1-mini")
            .UseProxyCache());
        const string json = """{"model":"fast","prompt":"why?"}""";
        await host.PostAsync(json);
        (await host.PostAsync(json)).Cache.ShouldBe("HIT");

        (await host.PostAsync(question, "PURGE")).Status.ShouldBe(200);
        (await host.PostAsync(json)).Cache.ShouldBe("MISS");
    }

    [Fact]
    public async Task Only_the_callers_own_entry_is_removed_and_only_with_credentials()
    {
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), map: app => CacheHost.MapAsk(app)
            .UseBasicAuthConsumers(consumers => consumers.Add("a", "alice", "pw-alice").Add("b", "bob", "pw-bob"))
            .UseProxyCache());
        await host.AskAsync(headers: As("alice"));

        var anonymous = await host.AskAsync(method: "PURGE");
        var bob = await host.AskAsync(method: "PURGE", headers: As("bob"));
        var after = await host.AskAsync(headers: As("alice"));
        var alice = await host.AskAsync(method: "PURGE", headers: As("alice"));

        (anonymous.Status, bob.Status, after.Cache, alice.Status).ShouldBe((401, 404, "HIT", 200));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_two_routes_with_one_pattern_the_one_that_takes_such_a_request_removes_it(bool isConfigured)
    {
        var settings = new Settings("""
            { "Routes": {
                "get": { "Pattern": "/ask", "Upstream": "openai", "Methods": [ "GET" ], "RewritePath": "/v1/models", "ProxyCache": { "Methods": [ "GET" ] } },
                "post": { "Pattern": "/ask", "Upstream": "openai", "RewritePath": "/v1/completions", "ProxyCache": { "Methods": [ "POST" ] } } } }
            """);
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), map: app =>
        {
            if (isConfigured)
            {
                app.MapOpenAiRoutes(settings["Routes"]);
                return;
            }

            app.MapOpenAiRoute("/ask", "openai").WithMethods("GET").RewritePath("/v1/models").UseProxyCache(cache => cache.Methods = ["GET"]);
            app.MapOpenAiRoute("/ask", "openai").RewritePath("/v1/completions").UseProxyCache(cache => cache.Methods = ["POST"]);
        });
        await host.AskAsync();
        await host.AskAsync(method: "GET");

        (await host.AskAsync(method: "PURGE")).Status.ShouldBe(200);
        (await host.AskAsync()).Cache.ShouldBe("MISS");
        (await host.AskAsync(method: "GET")).Cache.ShouldBe("HIT");

        using var purge = new HttpRequestMessage(new HttpMethod("PURGE"), "/ask");
        (await host.Client.SendAsync(purge)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await host.AskAsync(method: "GET")).Cache.ShouldBe("MISS");
        (await host.AskAsync()).Cache.ShouldBe("HIT");
    }

    [Fact]
    public async Task Without_a_cache_the_method_is_not_allowed()
    {
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), map: app => CacheHost.MapAsk(app));

        (await host.AskAsync(method: "PURGE")).Status.ShouldBe(405);
        host.UpstreamCalls.ShouldBe(0);
    }

    [Fact]
    public async Task In_a_branch_without_the_cache_the_method_is_not_allowed()
    {
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), map: app =>
        {
            app.UseWhen(context => context.Request.Headers.ContainsKey("X-Cached"), branch => branch.UseProxyCache());
            CacheHost.MapAsk(app);
        });

        (await host.AskAsync(method: "PURGE")).Status.ShouldBe(405);
        (await host.AskAsync(method: "PURGE", headers: ("X-Cached", "1"))).Status.ShouldBe(404);
        host.UpstreamCalls.ShouldBe(0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_store_that_does_not_remove_is_told(bool hangs)
    {
        var store = new FakeHybridCache();
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), build: store.RegisterAsOwn);
        await host.AskAsync();
        (store.ThrowsLate, store.Hangs) = (!hangs, hangs);

        var purging = host.AskAsync(method: "PURGE");
        if (hangs)
        {
            await host.WhenDueAsync(StorePatience.Longest);
            host.Time.Advance(StorePatience.Longest);
        }

        var reply = await purging;
        reply.Status.ShouldBe(503);
        reply.Text.ShouldContain("\"code\":\"cache_unavailable\"");
    }

    private static (string, string) As(string user) => ("Authorization", CacheHost.Basic(user));
}
