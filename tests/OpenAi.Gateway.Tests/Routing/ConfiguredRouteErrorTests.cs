using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using OpenAi.Gateway.Tests.LimitCount;

namespace OpenAi.Gateway.Tests.Routing;

public class ConfiguredRouteErrorTests
{
    private const string Good = """{ "Routes": { "a": { "Pattern": "/a", "Upstream": "openai", "LimitCount": { "Count": 9, "TimeWindow": "00:01:00" } } } }""";

    public static TheoryData<string, string> WrongRoutes => new()
    {
        { """{ "Upstream": "openai" }""", "Pattern is missing" },
        { """{ "Pattern": "/b" }""", "Upstream is missing" },
        { """{ "Pattern": "/b", "Upstream": "other" }""", "No upstream is named 'other'" },
        { """{ "Pattern": "/b/{", "Upstream": "openai" }""", "incomplete parameter" },
        { """{ "Pattern": "/b/{x:nope}", "Upstream": "openai" }""", "nope" },
        { """{ "Pattern": "/b", "Upstream": "openai", "Retires": 1 }""", "Retires is not a setting" },
        { """{ "Pattern": "/b", "Upstream": "openai", "LimitCounts": { "Count": 1 } }""", "BridgeCompletions, Budget, Hosts, LimitConcurrency, LimitCount, LimitTokens" },
        { """{ "Pattern": "/b", "Upstream": "openai", "Retries": "many" }""", "Retries" },
        { """{ "Pattern": "/b", "Upstream": "openai", "Retries": -1 }""", "retries" },
        { """{ "Pattern": "/b", "Upstream": "openai", "RewritePath": "v1" }""", "must begin with '/'" },
        { """{ "Pattern": "/b", "Upstream": "openai", "Hosts": [ "https://api.example.com" ] }""", "Hosts has 'https://api.example.com'" },
        { """{ "Pattern": "/b", "Upstream": "openai", "Hosts": [ "api.example.com", "a:b:c" ] }""", "Hosts has 'a:b:c'" },
        { """{ "Pattern": "/b", "Upstream": "openai", "Hosts": [ "api.example.com:https" ] }""", "without a scheme" },
        { """{ "Pattern": "/b", "Upstream": "openai", "Hosts": [ "" ] }""", "Hosts has ''" },
        { """{ "Pattern": "/b", "Upstream": "openai", "SetHeaders": { "X A": "1" } }""", "'X A'" },
        { """{ "Pattern": "/b", "Upstream": "openai", "LimitCount": { "Count": 0, "TimeWindow": "00:01:00" } }""", "Routes:b:LimitCount: Count" },
        { """{ "Pattern": "/b", "Upstream": "openai", "LimitCount": [ { "Count": 1 } ] }""", "Routes:b:LimitCount:0" },
        { """{ "Pattern": "/b", "Upstream": "openai", "LimitCount": { "Cuont": 1 } }""", "Routes:b:LimitCount:Cuont is not a setting. Correct its name" },
        { """{ "Pattern": "/b", "Upstream": "openai", "LimitCount": "2" }""", "LimitCount is '2'" },
        { """{ "Pattern": "/b", "Upstream": "openai", "LimitCount": {} }""", "Count must be at least 1" },
        { """{ "Pattern": "/b", "Upstream": "openai", "LimitCount": { "Count": 1, "TimeWindow": "00:01:00", "Key": "remote" } }""", "'remote' is not a known variable" },
        { """{ "Pattern": "/b", "Upstream": "openai", "ProxyCache": { "Ttl": "00:00:00" } }""", "Ttl" },
        { """{ "Pattern": "/b", "Upstream": "openai", "ProxyCache": { "Ttl": 60 } }""", "Routes:b:ProxyCache:Ttl would be 60 days" },
        { """{ "Pattern": "/b", "Upstream": "openai", "LimitCount": { "Count": 1, "TimeWindow": "24:00:00" } }""", "a day is 1.00:00:00" },
        { """{ "Pattern": "/b", "Upstream": "openai", "LimitCount": { "Count": 1, "TimeWindow": "60s" } }""", "TimeWindow is not a time. Write it as hh:mm:ss" },
        { """{ "Pattern": "/b", "Upstream": "openai", "Timeout": "1:00:00:00" }""", "Timeout would be 1 days" },
        { """{ "Pattern": "/b", "Upstream": "openai", "LimitTokens": { "WhenMaxUnknown": "Cap" } }""", "WhenMaxUnknown is none of: Estimate, InjectCap" },
        { """{ "Pattern": "/b", "Upstream": "openai", "Models": { "Aliases": { "llama3:8b": "m" } } }""", "Models:Aliases:llama3:8b" },
        { """{ "Pattern": "/b", "Upstream": "openai", "Hosts": "api.example.com" }""", "Hosts is a single value" },
        { """{ "Pattern": "/b", "Upstream": "openai", "SetHeaders": { "X-A": [ "1" ] } }""", "SetHeaders:X-A has members" },
        { """{ "Pattern": "/b", "Upstream": "openai", "RewritePath": { "Path": "/v1" } }""", "RewritePath has members" },
        { """{ "Pattern": "/b", "Upstream": "openai", "Models": { "AllowedModels": "m" } }""", "Routes:b:Models:AllowedModels:0" },
        { """{ "Pattern": "/b", "Upstream": "openai", "LimitCount": { "Count": 1, "TimeWindow": "00:01:00", "Key": [ "uri" ] } }""", "LimitCount:Key has members" },
        { """{ "Pattern": "/b", "Upstream": "openai", "LimitCount": [ { "Count": 1, "TimeWindow": "00:01:00" }, 2 ] }""", "LimitCount:1 is a single value" },
        { """{ "Pattern": "/b", "Upstream": "openai", "ProxyCache": { "HttpStatus": 201 } }""", "Routes:b:ProxyCache:HttpStatus is a single value" },
        { """{ "Pattern": "/b", "Upstream": "openai", "ProxyCache": { "Key": [ "$uri", { "a": 1 } ] } }""", "ProxyCache:Key:1 has members" },
        { """{ "Pattern": "/b", "Upstream": "openai", "BasicAuthConsumers": { "Consumers": [ "u" ] } }""", "Consumers:0 is a single value" },
        {
            """{ "Pattern": "/b", "Upstream": "openai", "BasicAuthConsumers": { "Consumers": [ { "Name": "c", "Username": "u", "Password": "p", "AllowedModels": "m" } ] } }""",
            "Consumers:0:AllowedModels is a single value"
        },
        { """{ "Pattern": "/b", "Upstream": "openai", "Hosts": [] }""", "Hosts is an empty list" },
        { """{ "Pattern": "/b", "Upstream": "openai", "Methods": [] }""", "Methods is an empty list" },
        { """{ "Pattern": "/b", "Upstream": "openai", "Models": { "AllowedModels": [] } }""", "Routes:b:Models:AllowedModels is an empty list" },
        {
            """{ "Pattern": "/b", "Upstream": "openai", "BasicAuthConsumers": { "Consumers": [ { "Name": "c", "Username": "u", "Password": "p", "AllowedModels": [] } ] } }""",
            "Consumers:0:AllowedModels is an empty list"
        },
        { """{ "Pattern": "/b", "Upstream": "openai", "ProxyCache": { "Bypass": [], "HttpStatus": [] } }""", "Routes:b:ProxyCache:HttpStatus is an empty list" },
        { """{ "Pattern": "/b", "Upstream": "openai", "BridgeCompletions": { "Models": { "m": { "Model": "n", "Drop": "user" } } } }""", "Models:m:Drop is a single value" },
        { """{ "Pattern": "/b", "Upstream": "openai", "BasicAuthConsumers": { "Realm": "x" } }""", "no consumers" },
        { """{ "Pattern": "/b", "Upstream": "openai", "BasicAuthConsumers": {} }""", "no consumers" },
        { """{ "Pattern": "/b", "Upstream": "openai", "BasicAuthConsumers": { "Consumers": [ { "Name": "", "Username": "u", "Password": "p" } ] } }""", "Name" },
    };

    [Theory]
    [MemberData(nameof(WrongRoutes))]
    public async Task A_wrong_route_stops_the_app(string route, string reason)
    {
        var settings = new Settings($$"""{ "Routes": { "b": {{route}} } }""");

        var message = await RouteHost.StartErrorAsync(app => app.MapOpenAiRoutes(settings["Routes"]));

        message.ShouldContain("Routes:b");
        message.ShouldContain(reason);
    }

    [Theory]
    [InlineData("""{ "Pattern": "/A", "Upstream": "openai" }""", "Pattern '/A'")]
    [InlineData("""{ "Pattern": "/b", "Upstream": "openai", "Name": "first" }""", "Name 'first'")]
    public async Task What_two_routes_claim_stops_the_app(string second, string claimed)
    {
        var settings = new Settings($$"""{ "Routes": { "a": { "Pattern": "/a", "Upstream": "openai", "Name": "first" }, "b": {{second}} } }""");

        var message = await RouteHost.StartErrorAsync(app => app.MapOpenAiRoutes(settings["Routes"]));

        message.ShouldContain("Routes:b");
        message.ShouldContain(claimed);
        message.ShouldContain("'Routes:a'");
    }

    [Theory]
    [InlineData("""{ "Pattern": "/a", "Upstream": "openai" }""", """{ "Pattern": "/a", "Upstream": "openai", "Methods": [ "GET", "post" ] }""", "POST")]
    [InlineData("""{ "Pattern": "/{x=a}", "Upstream": "openai" }""", """{ "Pattern": "{y}", "Upstream": "openai" }""", "'/{}'")]
    [InlineData(
        """{ "Pattern": "/a", "Upstream": "openai", "Hosts": [ "localhost" ] }""",
        """{ "Pattern": "/a", "Upstream": "openai", "Hosts": [ "api.example.com", "LOCALHOST:*" ] }""",
        "LOCALHOST")]
    public async Task Two_routes_that_would_take_the_same_request_are_refused(string first, string second, string claimed)
    {
        var both = $$"""{ "Routes": { "a": {{first}}, "b": {{second}} } }""";
        (await RouteHost.StartErrorAsync(app => app.MapOpenAiRoutes(new Settings(both)["Routes"]))).ShouldSatisfyAllConditions(
            message => message.ShouldContain("'Routes:b'"),
            message => message.ShouldContain("'Routes:a'"),
            message => message.ShouldContain(claimed));

        var settings = new Settings($$"""{ "Routes": { "a": {{first}} } }""");
        await using var host = await RouteHost.StartAsync(app => app.MapOpenAiRoutes(settings["Routes"]));
        settings.Change(both);

        (await host.PostAsync("/a", null, ("Host", "localhost"))).Status.ShouldBe(200);
        host.Server.Logs.Entries.Select(entry => entry.EventId.Id).ShouldContain(1001);
        host.Server.Logs.Entries.Select(entry => entry.EventId.Id).ShouldNotContain(1002);
    }

    [Fact]
    public async Task A_name_that_another_endpoint_of_the_app_has_is_refused()
    {
        const string named = """{ "Routes": { "a": { "Pattern": "/a", "Upstream": "openai", "Name": "first" } } }""";
        (await RouteHost.StartErrorAsync(app => Map(app, new Settings(named)))).ShouldContain("Name 'first' of 'POST /a → openai' is that of 'HTTP: GET /x' already");

        var settings = new Settings("""{ "Routes": { "a": { "Pattern": "/a", "Upstream": "openai", "Name": "second" } } }""");
        await using var host = await RouteHost.StartAsync(app => Map(app, settings));
        settings.Change(named);

        (await host.PostAsync("/a")).Status.ShouldBe(200);
        host.Server.Logs.Entries.Where(entry => entry.EventId.Name == "ConfigurationRefused").ShouldHaveSingleItem().Message.ShouldContain("Name 'first'");

        // Routing takes no further change once one has failed.
        settings.Change(named.Replace("/a", "/b", StringComparison.Ordinal).Replace("first", "second", StringComparison.Ordinal));
        (await host.PostAsync("/b")).Status.ShouldBe(200);

        static void Map(WebApplication app, Settings settings)
        {
            app.MapGet("/x", () => "x").WithName("first");
            app.MapGroup("").MapOpenAiRoutes(settings["Routes"]);
        }
    }

    [Theory]
    [MemberData(nameof(WrongRoutes))]
    public async Task A_wrong_route_in_a_change_refuses_all_of_it(string route, string reason)
    {
        var settings = new Settings(Good);
        await using var host = await RouteHost.StartAsync(app => app.MapOpenAiRoutes(settings["Routes"]));

        settings.Change(Good.Replace("\"Count\": 9", "\"Count\": 1").Replace("\"Routes\": {", $"\"Routes\": {{ \"b\": {route},"));

        (await host.PostAsync("/a")).Quota().ShouldBe(("9", "8", "60"));
        (await host.PostAsync("/b")).Status.ShouldBe(404);
        var logged = host.Server.Logs.Entries.Where(entry => entry.Level == LogLevel.Error).ShouldHaveSingleItem();
        logged.Message.ShouldContain("'Routes' was refused");
        logged.Message.ShouldContain("Routes:b");
        logged.Message.ShouldContain(reason);
    }

    [Fact]
    public async Task A_missing_section_stops_the_app_and_refuses_a_change()
    {
        var settings = new Settings(Good);
        (await RouteHost.StartErrorAsync(app => app.MapOpenAiRoutes(settings["Ruotes"]))).ShouldContain("'Ruotes' does not exist");

        await using var host = await RouteHost.StartAsync(app => app.MapOpenAiRoutes(settings["Routes"]));
        settings.Change("{}");
        settings.Change("""{ "Routes": "none" }""");

        (await host.PostAsync("/a")).Status.ShouldBe(200);
        host.Server.Logs.Entries.ShouldContain(entry => entry.Level == LogLevel.Error && entry.Message.Contains("Routes is a single value"));
        host.Server.Logs.Entries.ShouldContain(entry => entry.Level == LogLevel.Error && entry.Message.Contains("'Routes' does not exist"));
    }
}
