using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenAi.Gateway.Tests.BasicAuth;

namespace OpenAi.Gateway.Tests.Routing;

public class ExistingAppTests
{
    private readonly FakeHybridCache _cache = new();

    [Fact]
    public async Task An_existing_app_answers_as_before()
    {
        await using var without = await InMemoryKestrel.StartAsync(AddExisting, MapExisting);
        await using var with = await RouteHost.StartAsync(MapBoth, AddExisting);
        using var client = without.CreateClient();

        foreach (var (path, headers) in new (string, (string, string)[])[]
        {
            ("/me", []),
            ("/me", [("Authorization", "Token alice")]),
            ("/me", [("Authorization", RouteHost.Basic("a:a"))]),
            ("/limited", []),
            ("/limited", []),
            ("/cached", []),
            ("/cached", []),
            ("/compressed", [("Accept-Encoding", "gzip")]),
            ("/throw", []),
            ("/json", []),
            ("/nowhere", []),
        })
        {
            var before = await RouteHost.SendAsync(client, "GET", path, null, headers);
            var after = await RouteHost.SendAsync(with.Client, "GET", path, null, headers);

            (after.Status, WithoutTraceId(after.Text)).ShouldBe((before.Status, WithoutTraceId(before.Text)), path);
            after.Headers.Select(header => header.Key).ShouldBe(before.Headers.Select(header => header.Key), path);
        }

        (await with.PostAsync("/openai", "a:a")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task The_apps_only_scheme_stays_the_default()
    {
        await using var host = await RouteHost.StartAsync(MapBoth, AddExisting);
        var schemes = host.Server.Services.GetRequiredService<IAuthenticationSchemeProvider>();

        (await schemes.GetAllSchemesAsync()).Select(scheme => scheme.Name).ShouldBe([TokenHandler.SchemeName]);
        (await schemes.GetDefaultAuthenticateSchemeAsync())?.Name.ShouldBe(TokenHandler.SchemeName);
        (await schemes.GetDefaultChallengeSchemeAsync())?.Name.ShouldBe(TokenHandler.SchemeName);
    }

    [Fact]
    public void Nothing_is_registered_under_the_apps_names()
    {
        var services = new ServiceCollection().AddOpenAiUpstream("openai", upstream => upstream.AddNode("https://api.openai.com"));

        foreach (var type in new[]
        {
            typeof(HybridCache), typeof(IMemoryCache), typeof(IDistributedCache), typeof(IAuthenticationService), typeof(IAuthenticationSchemeProvider),
            typeof(IConfigureOptions<JsonOptions>), typeof(IConfigureOptions<AuthenticationOptions>), typeof(IConfigureOptions<RateLimiterOptions>),
            typeof(HttpClient), typeof(IHttpClientFactory), typeof(Microsoft.AspNetCore.Hosting.IStartupFilter),
        })
        {
            services.ShouldNotContain(service => service.ServiceType == type, type.Name);
        }
    }

    [Fact]
    public async Task The_apps_own_cache_is_used_and_stays_its_own()
    {
        await using var host = await RouteHost.StartAsync(MapBoth, AddExisting);

        (await host.PostAsync("/openai", "a:a"))["X-Cache-Status"].ShouldBe("MISS");
        (await host.PostAsync("/openai", "a:a"))["X-Cache-Status"].ShouldBe("HIT");

        host.Server.Services.GetRequiredService<HybridCache>().ShouldBeSameAs(_cache);
        _cache.Entries.ShouldHaveSingleItem().Key.ShouldStartWith("oag:1:");
    }

    [Fact]
    public async Task A_cache_keyed_for_the_gateway_comes_before_the_apps_own()
    {
        var own = new FakeHybridCache();
        await using var host = await RouteHost.StartAsync(
            MapBoth,
            builder =>
            {
                AddExisting(builder);
                builder.Services.AddKeyedSingleton<HybridCache>("OpenAi.Gateway", own);
            });

        await host.PostAsync("/openai", "a:a");

        own.Entries.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task The_apps_user_is_counted_by_its_name()
    {
        await using var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoute("/openai", "openai").RequireAuthorization().UseLimitCount(limit =>
                (limit.Count, limit.TimeWindow, limit.Key) = (1, TimeSpan.FromMinutes(1), "consumer_name")),
            AddExisting);

        (await host.PostAsync("/openai")).Status.ShouldBe(401);
        (await host.PostAsync("/openai", null, ("Authorization", "Token alice"))).Status.ShouldBe(200);
        (await host.PostAsync("/openai", null, ("Authorization", "Token alice"))).Status.ShouldBe(429);
        (await host.PostAsync("/openai", null, ("Authorization", "Token bob"))).Status.ShouldBe(200);
    }

    private void AddExisting(WebApplicationBuilder builder)
    {
        builder.Services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, TokenHandler>(TokenHandler.SchemeName, null);
        builder.Services.AddAuthorization();
        builder.Services.AddRateLimiter(options => options.AddFixedWindowLimiter("one", limiter =>
            (limiter.PermitLimit, limiter.Window) = (1, TimeSpan.FromHours(1))));
        builder.Services.AddOutputCache();
        builder.Services.AddResponseCompression();
        builder.Services.AddSingleton<HybridCache>(_cache);
        builder.Services.AddProblemDetails();
        builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.PropertyNamingPolicy = null);
    }

    private static string WithoutTraceId(string text) => Regex.Replace(text, "\"traceId\":\"[^\"]*\"", "");

    private static void MapExisting(WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseResponseCompression();
        app.UseRateLimiter();
        app.UseOutputCache();
        var cached = 0;
        app.MapGet("/me", (HttpContext context) => context.User.Identity!.Name).RequireAuthorization();
        app.MapGet("/limited", () => "in").RequireRateLimiting("one");
        app.MapGet("/cached", () => $"{++cached}").CacheOutput();
        app.MapGet("/compressed", () => new string('x', 10_000));
        app.MapGet("/throw", string () => throw new InvalidOperationException("Thrown on purpose."));
        app.MapGet("/json", () => new { PascalCase = 1 });
    }

    private static void MapBoth(WebApplication app)
    {
        MapExisting(app);
        app.UseBasicAuthConsumers(consumers => consumers.Add("a", "a", "a"));
        app.UseLimitCount(limit => (limit.Count, limit.TimeWindow) = (100, TimeSpan.FromMinutes(1)));
        app.UseProxyCache();
        app.MapOpenAiRoute("/openai", "openai");
    }
}
