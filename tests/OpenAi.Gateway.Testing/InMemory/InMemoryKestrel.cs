using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway.Testing;

/// <summary>A <see cref="WebApplication"/> on a real Kestrel without a port.</summary>
public sealed class InMemoryKestrel : IAsyncDisposable
{
    private readonly WebApplication _app;

    private InMemoryKestrel(WebApplication app, InMemoryTransport transport, LogCollector logs)
    {
        _app = app;
        Transport = transport;
        Logs = logs;
    }

    public IServiceProvider Services => _app.Services;

    public InMemoryTransport Transport { get; }

    public LogCollector Logs { get; }

    public static Task<InMemoryKestrel> StartAsync(Action<WebApplication> configure) => StartAsync(_ => { }, configure);

    public static async Task<InMemoryKestrel> StartAsync(Action<WebApplicationBuilder> build, Action<WebApplication> configure)
    {
        var transport = new InMemoryTransport();
        var logs = new LogCollector();
        var builder = CreateBuilder(transport, logs);
        build(builder);
        var app = builder.Build();
        try
        {
            configure(app);
            await app.StartAsync().SoonAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return new InMemoryKestrel(app, transport, logs);
    }

    public HttpClient CreateClient(IPAddress? from = null) => Transport.CreateClient(from);

    /// <summary>A client that writes and reads raw bytes, and can drop the connection.</summary>
    public RawHttp Connect(IPAddress? from = null) => RawHttp.Over(Transport.Connect(from));

    public async ValueTask DisposeAsync()
    {
        Transport.ResetAll();
        await _app.StopAsync().SoonAsync();
        await _app.DisposeAsync();
    }

    private static WebApplicationBuilder CreateBuilder(InMemoryTransport transport, LogCollector logs)
    {
        // A watch on the settings file for each app would run out of the system's file watchers.
        var builder = WebApplication.CreateBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Trace).AddProvider(logs);
        builder.Host.UseDefaultServiceProvider(options =>
        {
            options.ValidateOnBuild = true;
            options.ValidateScopes = true;
        });
        builder.Services.AddSingleton<IConnectionListenerFactory>(transport);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen((IPEndPoint)transport.EndPoint));
        return builder;
    }
}
