using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenAi.Gateway.Tests.BasicAuth;
using OpenAi.Gateway.Tests.LimitCount;

namespace OpenAi.Gateway.Tests.Routing;

public class ConfiguredRouteTests
{
    [Fact]
    public async Task Every_member_does_what_its_method_does()
    {
        await using var host = await StartAsync("""
            { "Routes": { "desc": {
                "Pattern": "/openai/{model}", "Upstream": "openai", "Methods": [ "GET", "POST" ], "Hosts": [ "localhost", "api.example.com" ],
                "RewritePath": "/v1/{model}", "Name": "desc", "Timeout": "00:00:20", "Retries": 3, "MaxRequestBodySize": 100,
                "SetHeaders": { "Authorization": "sk-1", "OpenAI-Beta": "b" }, "AddHeaders": { "X-Many": "two" }, "RemoveHeaders": [ "X-Gone" ],
                "BasicAuthConsumers": { "Consumers": [ { "Name": "a", "Username": "a", "Password": "a" } ] },
                "LimitCount": { "Count": 5, "TimeWindow": "00:01:00" },
                "ProxyCache": { "StatusHeader": "X-Hit", "Methods": [ "POST" ] } } } }
            """);

        var answer = await host.PostAsync("/openai/gpt", "a:a", ("X-Many", "one"), ("X-Gone", "1"));

        (answer.Status, answer["X-Hit"], answer.Quota().Remaining).ShouldBe((200, "MISS", "4"));
        (await host.PostAsync("/openai/gpt", "a:a"))["X-Hit"].ShouldBe("HIT");
        (await host.GetAsync("/openai/gpt", "a:a"))["X-Hit"].ShouldBe("BYPASS");
        (await host.PostAsync("/openai/gpt")).Status.ShouldBe(401);
        (await host.PostAsync("/openai/gpt", "a:a", ("Host", "other.example.com"))).Status.ShouldBe(404);
        (await host.PostAsync("/openai/gpt", "a:a", ("Host", "api.example.com"))).Status.ShouldBe(200);
        var sent = host.Upstream.Requests[0];
        (sent.Target, sent.Headers["Authorization"], sent.Headers["OpenAI-Beta"]).ShouldBe(("/v1/gpt", "Bearer sk-1", "b"));
        (sent.Headers["X-Many"], sent.Headers["X-Gone"]).ShouldBe(("one, two", null));
        var endpoint = host.Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.ShouldHaveSingleItem();
        endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()!.EndpointName.ShouldBe("desc");
        var settings = endpoint.Metadata.GetMetadata<OpenAiRouteMetadata>()!.Settings;
        (settings.Timeout, settings.Retries).ShouldBe((TimeSpan.FromSeconds(20), 3));
        using var large = new StringContent(new string('x', 101));
        using var refused = await host.Client.PostAsync("/openai/gpt", large);
        ((int)refused.StatusCode).ShouldBe(413);
    }

    [Fact]
    public async Task A_bridge_is_a_section_of_the_route()
    {
        await using var host = await StartAsync("""
            { "Routes": { "a": { "Pattern": "/a", "Upstream": "openai", "BridgeCompletions": { "Models": {
                "m": { "Model": "gpt-test", "SystemMessage": "Go on.", "Set": { "reasoning_effort": "low" }, "Drop": [ "max_completion_tokens" ] } } } } } }
            """);

        await host.PostAsync("/a");

        var sent = host.Upstream.Requests.ShouldHaveSingleItem();
        (sent.Target, sent.Text).ShouldBe(
            ("/v1/chat/completions", """{"model":"gpt-test","reasoning_effort":"low","messages":[{"role":"system","content":"Go on."},{"role":"user","content":"p"}]}"""));
    }

    [Fact]
    public async Task An_empty_bridge_asks_for_the_clients_own_model()
    {
        await using var host = await StartAsync("""{ "Routes": { "a": { "Pattern": "/a", "Upstream": "openai", "BridgeCompletions": {} } } }""");

        await host.PostAsync("/a");

        host.Upstream.Requests.ShouldHaveSingleItem().Text.ShouldBe("""{"model":"m","max_completion_tokens":16,"messages":[{"role":"user","content":"p"}]}""");
    }

    [Theory]
    [InlineData("\"Models\": { \"m\": {} }", "Models:m")]
    [InlineData("\"Modells\": {}", "Modells")]
    [InlineData("\"MaxPrompts\": 0", "MaxPrompts")]
    [InlineData("\"Models\": { \"m\": { \"Model\": \"x\", \"Set\": { \"a\": { \"b\": 1 } } } }", "Models:m:Set:a")]
    public async Task A_wrong_bridge_stops_the_app(string bridge, string setting)
    {
        var settings = new Settings($$"""{ "Routes": { "a": { "Pattern": "/a", "Upstream": "openai", "BridgeCompletions": { {{bridge}} } } } }""");

        (await RouteHost.StartErrorAsync(app => app.MapOpenAiRoutes(settings["Routes"]))).ShouldContain(setting);
    }

    [Fact]
    public async Task Limits_may_be_a_list()
    {
        await using var host = await StartAsync("""
            { "Routes": { "a": { "Pattern": "/a", "Upstream": "openai", "LimitCount": [
                { "Count": 9, "TimeWindow": "00:01:00" },
                { "Count": 1, "TimeWindow": "00:00:01", "Key": "remote_addr", "KeyType": "Var", "RejectedCode": 403, "RejectedMessage": "no" } ] } } }
            """);

        (await host.PostAsync("/a")).Quota().ShouldBe(("1", "0", "1"));
        var refused = await host.PostAsync("/a");
        (refused.Status, refused.Message).ShouldBe((403, "no"));
        host.Time.Advance(TimeSpan.FromSeconds(1));
        (await host.PostAsync("/a")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task An_empty_policy_has_its_defaults()
    {
        var store = new CountingConsumerStore();
        store.Consumers["a"] = Consumer.FromPassword("a", "a", "a");
        var settings = new Settings("""
            { "Routes": { "a": { "Pattern": "/a", "Upstream": "openai", "BasicAuthConsumers": {}, "ProxyCache": {} } } }
            """);
        await using var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoutes(settings["Routes"]), builder => builder.Services.AddSingleton<ConsumerStore>(store));

        (await host.PostAsync("/a")).Status.ShouldBe(401);
        (await host.PostAsync("/a", "a:a"))["X-Cache-Status"].ShouldBe("MISS");
    }

    [Fact]
    public async Task Routes_of_one_pattern_are_told_apart_by_method_host_and_constraint()
    {
        await using var host = await StartAsync("""
            { "Routes": {
                "get": { "Pattern": "/{x}", "Upstream": "openai", "Methods": [ "GET" ], "RewritePath": "/get" },
                "post": { "Pattern": "/{x}", "Upstream": "openai", "Methods": [ "POST", "post" ], "RewritePath": "/post" },
                "number": { "Pattern": "/{x:int}", "Upstream": "openai", "RewritePath": "/number" },
                "host": { "Pattern": "/{x}", "Upstream": "openai", "Hosts": [ "a.example.com", "*.example.org:*" ], "RewritePath": "/host" },
                "port": { "Pattern": "/{x}", "Upstream": "openai", "Hosts": [ "a.example.com:8443" ], "RewritePath": "/port" } } }
            """);

        await host.GetAsync("/a");
        await host.PostAsync("/a");
        await host.PostAsync("/1");
        await host.PostAsync("/a", null, ("Host", "a.example.com"));
        await host.PostAsync("/a", null, ("Host", "b.example.org:81"));
        await host.PostAsync("/a", null, ("Host", "a.example.com:8443"));

        host.Upstream.Requests.Select(request => request.Target).ShouldBe(["/get", "/post", "/number", "/host", "/host", "/port"]);
    }

    [Fact]
    public async Task Names_are_taken_in_any_case_as_the_environment_writes_them()
    {
        await using var host = await StartAsync("""
            { "ROUTES": { "A": { "PATTERN": "/a", "UPSTREAM": "openai", "LIMITCOUNT": { "COUNT": 1, "TIMEWINDOW": "00:01:00" } } } }
            """);

        (await host.PostAsync("/a")).Status.ShouldBe(200);
        (await host.PostAsync("/a")).Status.ShouldBe(429);
    }

    [Fact]
    public async Task The_builder_covers_all_of_its_routes_and_a_group_around_it_too_once()
    {
        var settings = new Settings("""
            { "Routes": { "a": { "Pattern": "/a", "Upstream": "openai" }, "b": { "Pattern": "/b", "Upstream": "openai" } } }
            """);
        await using var host = await RouteHost.StartAsync(app =>
        {
            var group = app.MapGroup("/g").UseLimitCount(limit => LimitHost.Of(limit, 100));
            group.MapOpenAiRoutes(settings["Routes"]).UseLimitCount(limit => LimitHost.Of(limit, 50))
                .UseBasicAuthConsumers(consumers => consumers.Add("a", "a", "a"));
            group.MapGet("/plain", () => "in");
            group.UseProxyCache();
        });

        (await host.PostAsync("/g/a")).Status.ShouldBe(401);
        (await host.PostAsync("/g/a", "a:a")).ShouldSatisfyAllConditions(
            passed => passed.Quota().ShouldBe(("50", "49", "60")),
            passed => passed["X-Cache-Status"].ShouldBe("MISS"));
        (await host.PostAsync("/g/b", "a:a")).Quota().ShouldBe(("50", "48", "60"));
        (await host.GetAsync("/g/plain")).Quota().ShouldBe(("100", "99", "60"), "nobody is authenticated here");
        (await RouteHost.SendAsync(host.Client, "PURGE", "/g/a", "a:a")).Status.ShouldNotBe(405);
        host.Upstream.Requests.Select(request => request.Target).ShouldBe(["/g/a", "/g/b"]);
    }

    private static Task<RouteHost> StartAsync(string json)
    {
        var settings = new Settings(json);
        return RouteHost.StartAsync(app => app.MapOpenAiRoutes(settings["Routes"]));
    }
}
