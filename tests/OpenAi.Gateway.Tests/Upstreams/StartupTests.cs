using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.Upstreams;

/// <summary>A wrong configuration stops the app at start-up and says what to do.</summary>
public sealed class StartupTests
{
    public static TheoryData<Action<OpenAiUpstreamOptions>, string, string> WrongOptions => new()
    {
        { options => options.Nodes.Clear(), "Nodes", "Nodes:0:Address" },
        { options => options.AddNode("api.openai.com"), "Address", "https://api.openai.com" },
        { options => options.AddNode("localhost:8080"), "Address", "https://api.openai.com" },
        { options => options.AddNode("ftp://host"), "Address", "is no http or https URL" },
        { options => options.AddNode(""), "Address", "https://api.openai.com" },
        { options => options.AddNode("http://user:secret@host"), "Address", "ApiKey" },
        { options => options.AddNode("http://host/v1?x=1"), "Address", "RewritePath" },
        { options => options.AddNode("http://host", weight: -1), "Weight", "between 0 and" },
        { options => options.AddNode("http://host", apiKey: ""), "ApiKey", "OpenAi__ApiKey" },
        { options => options.ApiKey = null, "ApiKey", "OpenAi__ApiKey" },
        { options => options.ApiKey = "", "ApiKey", "OpenAi__ApiKey" },
        { options => options.ApiKey = "  ", "ApiKey", "OpenAi__ApiKey" },
        { options => options.ApiKey = "sk-secret\n", "ApiKey", "line break" },
        { options => options.ApiKey = "sk-secret\u00e9", "ApiKey", "cannot stand in a header" },
        { options => options.ApiKeys.Add(""), "ApiKeys", "do not assign ApiKeys" },
        { options => options.ApiKeys.Add("sk-secret\n"), "ApiKeys", "line break" },
        { options => options.FallbackTo("openai"), "Fallbacks", "Name another upstream" },
        { options => options.FallbackTo("other").FallbackTo("other"), "Fallbacks", "Name it once" },
        { options => options.FallbackTo(""), "Fallbacks", "AddOpenAiUpstream" },
        { options => options.FallbackTo("other", fallback => fallback.Models["a"] = ""), "Models", "leave it out" },
        { options => options.RetryBudget = 101, "RetryBudget", "between 0 and 100" },
        { options => options.QuotaCooldown = TimeSpan.Zero, "QuotaCooldown", "longer than zero" },
        { options => options.ApiKeyHeader = "", "ApiKeyHeader", "\"Authorization\"" },
        { options => options.ApiKeyHeader = "api key", "ApiKeyHeader", "\"Authorization\"" },
        { options => options.PassHost = PassHost.Rewrite, "UpstreamHost", "PassHost" },
        { options => (options.PassHost, options.UpstreamHost) = (PassHost.Rewrite, "https://api.example.com"), "UpstreamHost", "without a scheme" },
        { options => (options.PassHost, options.UpstreamHost) = (PassHost.Rewrite, "api.example.com/v1"), "UpstreamHost", "without a scheme or path" },
        { options => (options.PassHost, options.UpstreamHost) = (PassHost.Rewrite, "api.example.com:99999"), "UpstreamHost", "port" },
        { options => (options.PassHost, options.UpstreamHost) = (PassHost.Rewrite, "api.example.com:https"), "UpstreamHost", "port" },
        { options => options.Nodes.Add(null!), "Nodes", "Give it an Address" },
        { options => options.Fallbacks.Add(null!), "Fallbacks", "Give it an Upstream" },
        { options => options.PassHost = (PassHost)7, "PassHost", "Node, Pass or Rewrite" },
        { options => options.Retries = -1, "Retries", "between 0 and 100" },
        { options => options.Retries = 101, "Retries", "between 0 and 100" },
        { options => options.MaxBufferedBody = -1, "MaxBufferedBody", "between 0 and" },
        { options => options.MaxConnectionsPerNode = 0, "MaxConnectionsPerNode", "at least 1" },
        { options => options.ConnectTimeout = TimeSpan.Zero, "ConnectTimeout", "longer than zero" },
        { options => options.ConnectTimeout = TimeSpan.FromDays(30), "ConnectTimeout", "at most 24 days" },
        { options => options.FirstByteTimeout = TimeSpan.FromSeconds(-1), "FirstByteTimeout", "longer than zero" },
        { options => options.IdleTimeout = TimeSpan.FromDays(100), "IdleTimeout", "at most" },
        { options => options.Timeout = TimeSpan.Zero, "Timeout", "longer than zero" },
        { options => options.Cooldown = TimeSpan.Zero, "Cooldown", "longer than zero" },
        { options => options.MaxRetryDelay = TimeSpan.Zero, "MaxRetryDelay", "longer than zero" },
        { options => options.PooledConnectionLifetime = TimeSpan.Zero, "PooledConnectionLifetime", "longer than zero" },
        { options => options.PooledConnectionIdleTimeout = TimeSpan.Zero, "PooledConnectionIdleTimeout", "longer than zero" },
        { options => options.HttpVersion = new Version(9, 9), "HttpVersion", "2.0" },
    };

    [Theory]
    [MemberData(nameof(WrongOptions))]
    public async Task A_wrong_upstream_stops_the_app(Action<OpenAiUpstreamOptions> mistake, string setting, string remedy)
    {
        var error = await Should.ThrowAsync<OptionsValidationException>(() => StartAsync(options =>
        {
            options.AddNode("http://127.0.0.1:1");
            mistake(options);
        }));

        error.Message.ShouldContain("Upstream 'openai'");
        error.Message.ShouldContain(setting);
        error.Message.ShouldContain(remedy);
        error.Message.ShouldNotContain("secret");
    }

    [Fact]
    public async Task Every_mistake_is_named_at_once()
    {
        var error = await Should.ThrowAsync<OptionsValidationException>(() => StartAsync(options =>
        {
            options.Retries = -1;
            options.Timeout = TimeSpan.Zero;
        }));

        error.Failures.Count().ShouldBe(3);
    }

    [Fact]
    public async Task A_route_to_an_unknown_upstream_stops_the_app()
    {
        var error = await Should.ThrowAsync<InvalidOperationException>(() => StartAsync(
            options => options.AddNode("http://127.0.0.1:1"), app => app.MapOpenAiRoute("/x", "opneai")));

        error.Message.ShouldContain("'opneai'");
        error.Message.ShouldContain("registered are: openai");
        error.Message.ShouldContain("AddOpenAiUpstream(\"opneai\"");
    }

    [Fact]
    public async Task A_fallback_to_an_unknown_upstream_stops_the_app()
    {
        var error = await Should.ThrowAsync<InvalidOperationException>(() => StartAsync(
            options => options.AddNode("http://127.0.0.1:1").FallbackTo("azrue")));

        error.Message.ShouldContain("Upstream 'openai': Fallbacks: No upstream is named 'azrue'");
        error.Message.ShouldContain("registered are: openai");
    }

    [Fact]
    public async Task A_configured_fallback_with_a_colon_in_a_models_name_stops_the_app()
    {
        var settings = new Settings("""
            { "OpenAi": { "Nodes": [ { "Address": "http://127.0.0.1:1" } ], "Fallbacks": [ { "Upstream": "b", "Models": { "llama3:8b": "m" } } ] } }
            """);

        var error = await Should.ThrowAsync<InvalidOperationException>(() => InMemoryKestrel.StartAsync(
            builder => builder.Services.AddOpenAiUpstream("openai", settings["OpenAi"]).AddOpenAiUpstream("b", options => options.AddNode("http://127.0.0.1:1")),
            _ => { }));

        error.Message.ShouldContain("OpenAi:Fallbacks:0:Models:llama3:8b");
        error.Message.ShouldContain("fallback.Models[\"llama3:8b\"]");
    }

    [Theory]
    [InlineData("""{ "Nodes": "http://127.0.0.1:1" }""", "OpenAi:Nodes is a single value")]
    [InlineData("""{ "Nodes": [ "http://127.0.0.1:1" ] }""", "OpenAi:Nodes:0 is a single value. Give it its members")]
    [InlineData("""{ "Nodes": [ { "Address": "http://127.0.0.1:1", "Port": 1 } ] }""", "OpenAi:Nodes:0:Port is not a setting")]
    [InlineData("""{ "Nodes": [ { "Address": "http://127.0.0.1:1" } ], "ApiKey": { "Value": "sk-secret" } }""", "OpenAi:ApiKey has members, such as OpenAi:ApiKey:Value")]
    [InlineData("""{ "Nodes": [ { "Address": "http://127.0.0.1:1" } ], "ApiKeys": "sk-secret" }""", "of a list the first is OpenAi:ApiKeys:0")]
    [InlineData("""{ "Nodes": [ { "Address": "http://127.0.0.1:1" } ], "Fallbacks": [ "b" ] }""", "OpenAi:Fallbacks:0 is a single value")]
    public async Task A_configured_upstream_of_another_shape_stops_the_app(string section, string reason)
    {
        var settings = new Settings($$"""{ "OpenAi": {{section}} }""");

        var error = await Should.ThrowAsync<InvalidOperationException>(() => InMemoryKestrel.StartAsync(
            builder => builder.Services.AddOpenAiUpstream("openai", settings["OpenAi"]), _ => { }));

        error.Message.ShouldContain(reason);
        error.Message.ShouldNotContain("secret");
    }

    [Fact]
    public async Task A_value_beside_a_sections_members_is_somebody_elses()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("OpenAi:Nodes:0:Address", "http://127.0.0.1:1"), new("OPENAI", "a variable of the environment")])
            .Build();

        await using var server = await InMemoryKestrel.StartAsync(
            builder => builder.Services.AddOpenAiUpstream("openai", configuration.GetSection("OpenAi")), _ => { });
    }

    [Fact]
    public async Task A_route_without_any_upstream_stops_the_app()
    {
        var error = await Should.ThrowAsync<InvalidOperationException>(() =>
            InMemoryKestrel.StartAsync(app => app.MapOpenAiRoute("/x", "openai")));

        error.Message.ShouldContain("AddOpenAiUpstream");
    }

    [Fact]
    public void Two_upstreams_cannot_have_one_name()
    {
        var services = new ServiceCollection().AddOpenAiUpstream("openai", options => { });

        Should.Throw<ArgumentException>(() => services.AddOpenAiUpstream("openai", options => { })).Message.ShouldContain("'openai'");
    }

    [Fact]
    public async Task A_right_upstream_starts_even_when_no_route_uses_it()
    {
        await using var server = await InMemoryKestrel.StartAsync(
            builder => builder.Services.AddOpenAiUpstream("openai", options => options.AddNode("https://api.openai.com/base/", weight: 0)), _ => { });
    }

    private static async Task StartAsync(Action<OpenAiUpstreamOptions> configure, Action<WebApplication>? map = null)
    {
        await using var server = await InMemoryKestrel.StartAsync(
            builder => builder.Services.AddOpenAiUpstream("openai", configure), app => map?.Invoke(app));
    }
}
