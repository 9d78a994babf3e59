using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenAiSimulator;

namespace OpenAi.Gateway.FunctionalTests.OpenAiSdk;

/// <summary>A gateway on a real socket, in front of the simulator; without a pattern, with OpenAI's own paths.</summary>
public sealed class GatewayApp : IAsyncDisposable
{
    private readonly WebApplication _simulator;
    private readonly WebApplication _app;

    private GatewayApp(WebApplication simulator, WebApplication app)
    {
        _simulator = simulator;
        _app = app;
    }

    public Uri Endpoint => new(new Uri(_app.Urls.Single()), "/v1");

    public static Task<GatewayApp> StartAsync(Action<OpenAiRouteBuilder>? configure = null) => StartAsync(
        "/v1/{**path}",
        route =>
        {
            route.WithMethods("GET", "POST");
            configure?.Invoke(route);
        });

    public static async Task<GatewayApp> StartAsync(string pattern, Action<OpenAiRouteBuilder> configure)
    {
        var simulator = await OpenAiSimulatorHost.StartAsync();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddOpenAiUpstream("openai", upstream =>
        {
            upstream.AddNode(simulator.Urls.Single());
            upstream.ApiKey = "sk-fake";
        });

        var app = builder.Build();
        configure(app.MapOpenAiRoute(pattern, "openai"));
        await app.StartAsync();
        return new GatewayApp(simulator, app);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _simulator.DisposeAsync();
    }
}
