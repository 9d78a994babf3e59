using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using OpenAi.Gateway.Tests.LimitCount;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.Diagnostics;

public class GatewayFeatureTests
{
    private readonly Channel<IOpenAiGatewayFeature?> _features = Channel.CreateUnbounded<IOpenAiGatewayFeature?>();

    [Fact]
    public async Task A_middleware_of_the_app_can_see_what_became_of_a_request()
    {
        await using var host = await StartAsync();

        await host.PostAsync("/openai", "a:a");
        var miss = (await NextAsync()).ShouldNotBeNull();
        (miss.Consumer?.Name, miss.Route?.Pattern, miss.Route?.Upstream).ShouldBe(("a", "/openai", "openai"));
        (miss.Node?.Address, miss.Attempts, miss.CacheStatus, miss.Error).ShouldBe((host.Upstream.Address, 1, CacheStatus.Miss, null));

        await host.PostAsync("/openai", "a:a");
        var hit = (await NextAsync()).ShouldNotBeNull();
        (hit.CacheStatus, hit.Attempts, hit.Node, hit.Error).ShouldBe((CacheStatus.Hit, 0, null, null));

        await host.PostAsync("/openai", "a:a");
        var refused = (await NextAsync()).ShouldNotBeNull();
        (refused.Error?.Status, refused.Error?.Code, refused.CacheStatus).ShouldBe((429, "rate_limit_exceeded", null));

        await host.PostAsync("/openai");
        var unknown = (await NextAsync()).ShouldNotBeNull();
        (unknown.Error?.Status, unknown.Consumer, unknown.Route?.Pattern).ShouldBe((401, null, "/openai"));
    }

    [Fact]
    public async Task An_ordinary_endpoint_has_neither_route_nor_node()
    {
        await using var host = await StartAsync();

        await host.GetAsync("/plain", "a:a");

        var feature = (await NextAsync()).ShouldNotBeNull();
        (feature.Consumer?.Name, feature.Route, feature.Node, feature.Attempts, feature.CacheStatus).ShouldBe(("a", null, null, 0, null));
    }

    [Fact]
    public async Task Without_a_policy_an_endpoint_has_no_feature()
    {
        await using var host = await StartAsync();

        await host.GetAsync("/untouched");

        (await NextAsync()).ShouldBeNull();
    }

    // The client has its answer before the app's middleware goes on.
    private Task<IOpenAiGatewayFeature?> NextAsync() => _features.Reader.ReadAsync().AsTask().SoonAsync("the request's end");

    private Task<RouteHost> StartAsync() => RouteHost.StartAsync(app =>
    {
        app.Use(async (context, next) =>
        {
            await next(context);
            _features.Writer.TryWrite(context.Features.Get<IOpenAiGatewayFeature>());
        });
        app.MapOpenAiRoute("/openai", "openai").UseProxyCache().UseLimitCount(limit => LimitHost.Of(limit, 2))
            .UseBasicAuthConsumers(consumers => consumers.Add("a", "a", "a"));
        app.MapGet("/plain", () => "in").UseBasicAuthConsumers(consumers => consumers.Add("a", "a", "a"));
        app.MapGet("/untouched", () => "in");
    });
}
