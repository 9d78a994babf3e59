using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway.Tests.Routing;

public class OpenAiRouteTests
{
    [Fact]
    public async Task It_takes_post_alone_unless_told_otherwise()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.MapOpenAiRoute("/post", "openai");
            app.MapOpenAiRoute("/more", "openai").WithMethods("get", "DELETE");
        });

        (await host.PostAsync("/post")).Status.ShouldBe(200);
        (await host.GetAsync("/post")).ShouldSatisfyAllConditions(
            refused => refused.Status.ShouldBe(405),
            refused => refused["Allow"].ShouldBe("POST"));
        (await RouteHost.SendAsync(host.Client, "PURGE", "/post")).Status.ShouldBe(405);
        (await host.GetAsync("/more")).Status.ShouldBe(200);
        (await RouteHost.SendAsync(host.Client, "DELETE", "/more")).Status.ShouldBe(200);
        (await host.PostAsync("/more")).Status.ShouldBe(405);
        (await host.PostAsync("/nowhere")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Methods_said_after_the_app_asked_for_its_endpoints_are_not_lost()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            var route = app.MapOpenAiRoute("/openai", "openai");
            _ = ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).ToArray();
            route.WithMethods("GET");
        });

        (await host.GetAsync("/openai")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Its_endpoint_says_what_it_is()
    {
        await using var host = await RouteHost.StartAsync(app => app.MapOpenAiRoute("/openai/{model}", "openai").WithMethods("GET", "POST"));

        var endpoint = host.Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.ShouldHaveSingleItem();

        endpoint.DisplayName.ShouldBe("GET, POST /openai/{model} → openai");
        var metadata = endpoint.Metadata.GetRequiredMetadata<OpenAiRouteMetadata>();
        (metadata.Pattern, metadata.Upstream).ShouldBe(("/openai/{model}", "openai"));
        metadata.HttpMethods.ShouldBe(["GET", "POST"]);
    }

    [Fact]
    public async Task The_ordinary_conventions_chain()
    {
        await using var host = await RouteHost.StartAsync(
            app =>
            {
                app.UseRateLimiter();
                app.MapOpenAiRoute("/openai", "openai").RequireHost("api.example.com").WithName("named").WithMetadata("tag")
                    .RequireRateLimiting("one").UseProxyCache().RewritePath("/v1/x");
            },
            builder => builder.Services.AddRateLimiter(options => options.AddFixedWindowLimiter("one", limiter =>
                (limiter.PermitLimit, limiter.Window) = (1, TimeSpan.FromHours(1)))));

        (await host.PostAsync("/openai")).Status.ShouldBe(404);
        (await host.PostAsync("/openai", null, ("Host", "api.example.com"))).Status.ShouldBe(200);
        (await host.PostAsync("/openai", null, ("Host", "api.example.com"))).Status.ShouldBe(503);
        host.Server.Services.GetRequiredService<LinkGenerator>().GetPathByName("named", null).ShouldBe("/openai");
        host.Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.Single().Metadata.GetMetadata<string>().ShouldBe("tag");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cors_preflight_is_answered_before_the_policies(bool isOnRoute)
    {
        await using var host = await RouteHost.StartAsync(
            app =>
            {
                app.UseCors();
                app.UseBasicAuthConsumers(consumers => consumers.Add("a", "a", "a"));
                var group = app.MapGroup("");
                var route = group.MapOpenAiRoute("/openai", "openai");
                if (isOnRoute)
                {
                    route.RequireCors("shop");
                }
                else
                {
                    group.RequireCors("shop");
                }
            },
            builder => builder.Services.AddCors(options => options.AddPolicy("shop", policy =>
                policy.WithOrigins("https://shop.example").WithMethods("POST").WithHeaders("Authorization"))));
        (string, string) origin = ("Origin", "https://shop.example");

        var preflight = await RouteHost.SendAsync(
            host.Client, "OPTIONS", "/openai", null, origin, ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization"));
        (preflight.Status, preflight["Access-Control-Allow-Origin"]).ShouldBe((204, "https://shop.example"));

        (await host.PostAsync("/openai", null, origin)).Status.ShouldBe(401);
        var answer = await host.PostAsync("/openai", "a:a", origin);
        (answer.Status, answer["Access-Control-Allow-Origin"]).ShouldBe((200, "https://shop.example"));
    }

    [Fact]
    public async Task A_cache_in_scope_makes_purge_a_method_of_the_route()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.MapGroup("/g").UseProxyCache().MapOpenAiRoute("/openai", "openai");
            app.MapOpenAiRoute("/plain", "openai");
        });

        (await RouteHost.SendAsync(host.Client, "PURGE", "/g/openai")).Status.ShouldBe(404);
        (await RouteHost.SendAsync(host.Client, "PURGE", "/plain")).Status.ShouldBe(405);
        host.Calls.ShouldBe(0);
    }

    [Fact]
    public async Task Without_the_services_the_message_names_the_call_that_is_missing()
    {
        var error = await Should.ThrowAsync<InvalidOperationException>(() => InMemoryKestrel.StartAsync(app => app.MapOpenAiRoute("/", "openai")));

        error.Message.ShouldContain("builder.Services.AddOpenAiUpstream(\"openai\"");
    }

    [Fact]
    public async Task An_unknown_upstream_is_refused_with_the_known_ones()
    {
        var message = await RouteHost.StartErrorAsync(app => app.MapOpenAiRoute("/", "opanai"));

        message.ShouldContain("No upstream is named 'opanai' (registered are: openai)");
        message.ShouldContain("AddOpenAiUpstream(\"opanai\"");
    }
}
