using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.ProxyCache;

public class KeyTests
{
    [Theory]
    [InlineData("another", "/ask", "POST")]
    [InlineData("why?", "/ask?temperature=1", "POST")]
    [InlineData("why?", "/other", "POST")]
    [InlineData("why?", "/elsewhere", "POST")]
    [InlineData("why?", "/ask", "GET")]
    [InlineData("why?", "/ask", "PUT")]
    public async Task Another_question_is_a_miss(string prompt, string path, string method)
    {
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), map: app =>
        {
            CacheHost.MapAsk(app).UseProxyCache(cache => cache.Methods = ["GET", "POST", "PUT"]);
            app.MapOpenAiRoute("/other", "openai").UseProxyCache();
            app.MapOpenAiRoute("/elsewhere", "second").RewritePath("/v1/completions").UseProxyCache();
        },
        build: builder => builder.Services.AddOpenAiUpstream("second", upstream => upstream.AddNode("http://127.0.0.1:9")));
        await host.AskAsync();

        var reply = await host.AskAsync(prompt, path, method);

        reply.Cache.ShouldBe("MISS");
    }

    [Theory]
    [InlineData("OpenAI-Organization")]
    [InlineData("OpenAI-Project")]
    [InlineData("OpenAI-Beta")]
    public async Task A_header_that_changes_the_answer_is_a_part(string header)
    {
        await using var host = await CacheHost.StartAsync();
        await host.AskAsync(headers: (header, "a"));

        var replies = new[] { await host.AskAsync(headers: (header, "a")), await host.AskAsync(headers: (header, "b")), await host.AskAsync() };

        replies.Select(reply => reply.Cache).ShouldBe(["HIT", "MISS", "MISS"]);
    }

    [Fact]
    public async Task Routes_to_different_upstreams_do_not_share_however_short_the_key_is()
    {
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), map: app =>
        {
            app.MapOpenAiRoute("/a", "openai").UseProxyCache(cache => cache.Key = ["$request_body"]);
            app.MapOpenAiRoute("/b", "second").UseProxyCache(cache => cache.Key = ["$request_body"]);
        },
        build: builder => builder.Services.AddOpenAiUpstream("second", upstream => upstream.AddNode("http://127.0.0.1:9")));
        await host.AskAsync(path: "/a");

        (await host.AskAsync(path: "/b")).Cache.ShouldBe("MISS");
    }

    [Fact]
    public async Task Routes_that_ask_the_upstream_differently_do_not_share()
    {
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), map: app =>
        {
            app.MapOpenAiRoute("/a", "openai").RewritePath("/v1/completions").SetHeader("OpenAI-Project", "a").UseProxyCache();
            app.MapOpenAiRoute("/b", "openai").RewritePath("/v1/completions").SetHeader("OpenAI-Project", "b").UseProxyCache();
        });
        await host.AskAsync(path: "/a");

        (await host.AskAsync(path: "/b")).Cache.ShouldBe("MISS");
    }

    [Fact]
    public async Task Routes_of_different_ports_do_not_share()
    {
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), map: app =>
        {
            app.MapOpenAiRoute("/a", "openai").RequireHost("*:81").SetHeader("OpenAI-Project", "a").UseProxyCache();
            app.MapOpenAiRoute("/a", "openai").RequireHost("*:82").SetHeader("OpenAI-Project", "b").UseProxyCache();
        });

        var replies = new[] { await AskAsync("h:81"), await AskAsync("H:81"), await AskAsync("h:82") };

        replies.Select(reply => reply.Cache).ShouldBe(["MISS", "HIT", "MISS"]);
        Task<CacheReply> AskAsync(string name) => host.AskAsync(path: "/a", headers: ("Host", name));
    }

    [Theory]
    [InlineData("fast", "gpt-4.1-mini", null)]
    [InlineData("gpt-4.1-mini", null, "gpt-4.1-mini")]
    public async Task An_alias_and_its_model_do_not_share(string first, string? header, string? otherHeader)
    {
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), map: app => CacheHost.MapAsk(app)
            .UseModels(models => models.Aliases["fast"] = "gpt-4.1-mini")
            .UseProxyCache());
        var other = first == "fast" ? "gpt-4.1-mini" : "fast";

        var replies = new List<CacheReply>();
        foreach (var model in new[] { first, other, first, other })
        {
            replies.Add(await host.PostAsync($$"""{"model":"{{model}}","prompt":"why?"}"""));
        }

        replies.Select(reply => (reply.Cache, reply["X-Upstream-Model"])).ShouldBe([("MISS", header), ("MISS", otherHeader), ("HIT", header), ("HIT", otherHeader)]);
    }

    [Fact]
    public async Task A_bridged_answer_names_the_model_that_was_asked_for()
    {
        const string chat = """{"id":"c","object":"chat.completion","created":1,"model":"gpt-4.1-mini","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}""";
        await using var host = await CacheHost.StartAsync(connection => connection.WriteJsonAsync(chat), map: app => CacheHost.MapAsk(app)
            .BridgeCompletions(bridge => bridge.Map("text-davinci-003", "gpt-4.1-mini"))
            .UseModels(models => models.Aliases["fast"] = "text-davinci-003")
            .UseProxyCache());
        await host.PostAsync("""{"model":"fast","prompt":"why?"}""");

        var reply = await host.PostAsync("""{"model":"text-davinci-003","prompt":"why?"}""");

        reply.Text.ShouldContain("\"model\":\"text-davinci-003\"");
    }

    [Fact]
    public async Task An_alias_that_leads_elsewhere_now_is_another_question()
    {
        var settings = new Settings("""{ "Models": { "Aliases": { "fast": "one" } } }""");
        await using var host = await CacheHost.StartAsync(
            CacheHost.Numbered(), map: app => CacheHost.MapAsk(app).UseModels(settings["Models"]).UseProxyCache());
        await host.PostAsync("""{"model":"fast","prompt":"why?"}""");

        settings.Change("""{ "Models": { "Aliases": { "fast": "two" } } }""");

        (await host.PostAsync("""{"model":"fast","prompt":"why?"}""")).Cache.ShouldBe("MISS");
    }

    [Fact]
    public async Task Hosts_with_routes_of_their_own_do_not_share()
    {
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), map: app =>
        {
            app.MapGet("/x", () => "a").RequireHost("a.test").UseProxyCache();
            app.MapGet("/x", () => "b").RequireHost("b.test").UseProxyCache();
        });
        await host.AskAsync(path: "/x", method: "GET", headers: ("Host", "a.test"));

        var reply = await host.AskAsync(path: "/x", method: "GET", headers: ("Host", "b.test"));

        (reply.Cache, reply.Text).ShouldBe(("MISS", "b"));
    }

    [Fact]
    public async Task The_walkthroughs_key_ignores_the_prompt_and_says_so_once_at_start_up()
    {
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), map: app =>
        {
            var group = app.MapGroup("").UseProxyCache(cache => cache.Key = ["$uri", "-cache-id"]);
            foreach (var path in new[] { "/ask", "/other" })
            {
                group.MapOpenAiRoute(path, "openai");
            }
        });
        var warnings = host.Gateway.Logs.Entries.Where(entry => entry.Category == "OpenAi.Gateway.ProxyCache" && entry.Message.Contains("key"));
        warnings.Select(entry => entry.EventId.Name).Order().ShouldBe(["KeyWithoutBody", "KeyWithoutConsumer"]);

        var replies = new[] { await host.AskAsync("a"), await host.AskAsync("b"), await host.AskAsync("a", "/ask?q=1"), await host.AskAsync("a", "/other") };

        replies.Select(reply => (reply.Cache, reply.Text)).ShouldBe(
            [("MISS", "{\"answer\":1}"), ("HIT", "{\"answer\":1}"), ("HIT", "{\"answer\":1}"), ("MISS", "{\"answer\":2}")]);
        host.Gateway.Logs.Entries.Count(entry => entry.EventId.Name == "KeyWithoutBody").ShouldBe(1);
    }

    [Theory]
    [InlineData(new[] { "$request_body", "$uri" }, "KeyWithoutConsumer")]
    [InlineData(new[] { "$request_body", "consumer_name" }, "KeyWithoutConsumer")]
    [InlineData(new[] { "$consumer_name" }, "KeyWithoutBody")]
    [InlineData(new[] { "$request_body", "of ${consumer_name}" }, null)]
    [InlineData(null, null)]
    public async Task A_key_that_shares_too_much_warns(string[]? key, string? warning)
    {
        await using var host = await CacheHost.StartAsync(cache => cache.Key = key);

        host.Gateway.Logs.Entries.Select(entry => entry.EventId.Name).Where(name => name?.StartsWith("KeyWithout") == true)
            .ShouldBe(warning is null ? [] : [warning]);
    }
}
