using OpenAiSimulator.Endpoints;
using OpenAiSimulator.Faults;

namespace OpenAiSimulator;

/// <summary>A deterministic stand-in for the OpenAI API, to run beside an app or a test.</summary>
public static class OpenAiSimulatorHost
{
    private const string RequestsPath = "/simulator/requests";

    /// <summary>Starts the simulator. With port 0 the system picks a free one; <c>app.Urls</c> tells which. Dispose it to stop.</summary>
    public static async Task<WebApplication> StartAsync(string url = "http://127.0.0.1:0", CancellationToken ct = default)
    {
        Task<WebApplication> started;
        // WebApplicationFactory takes the first host that is built in its own async flow for the app under test.
        using (ExecutionContext.SuppressFlow())
        {
            started = Task.Run(() => StartDetachedAsync(url, ct), ct);
        }

        return await started;
    }

    internal static WebApplication Build(WebApplicationBuilder builder)
    {
        builder.Services.AddRoutingCore().AddSingleton<SimulatorState>();

        var app = builder.Build();
        app.MapGet(RequestsPath, SimulatorEndpoint.GetAsync);
        app.UseWhen(context => context.Request.Path != RequestsPath, api => api
            .UseMiddleware<RecordingMiddleware>()
            .UseMiddleware<ResponseHeadersMiddleware>()
            .UseMiddleware<ErrorMiddleware>()
            .UseMiddleware<ApiKeyMiddleware>()
            .UseMiddleware<FaultMiddleware>());

        app.MapPost("/v1/completions", CompletionsEndpoint.PostAsync);
        app.MapPost("/v1/chat/completions", ChatEndpoint.PostAsync);
        app.MapPost("/v1/responses", ResponsesEndpoint.PostAsync);
        app.MapPost("/v1/embeddings", EmbeddingsEndpoint.PostAsync);
        app.MapGet("/v1/models", ModelsEndpoint.ListAsync);
        app.MapGet("/v1/models/{id}", ModelsEndpoint.GetAsync);
        app.MapFallback("{*path}", context => throw ApiException.NotFound(context.Request));
        return app;
    }

    // The empty builder reads no appsettings.json and no ASPNETCORE_URLS: those belong to the app that started this one.
    private static async Task<WebApplication> StartDetachedAsync(string url, CancellationToken ct)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore();

        var app = Build(builder);
        app.Urls.Add(url);
        await app.StartAsync(ct);
        return app;
    }
}
