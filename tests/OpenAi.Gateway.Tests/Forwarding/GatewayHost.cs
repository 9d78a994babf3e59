using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway.Tests.Forwarding;

/// <summary>A gateway on a real Kestrel, in memory or on a socket, with one route that passes <c>/v1/…</c> to the upstream "openai".</summary>
internal sealed class GatewayHost : IAsyncDisposable
{
    public const string Key = "sk-canary-of-the-provider";

    private readonly IAsyncDisposable _server;
    private readonly Func<Task<RawHttp>> _connect;

    private GatewayHost(IAsyncDisposable server, LogCollector logs, HttpClient client, Func<Task<RawHttp>> connect, IServiceProvider services)
    {
        _server = server;
        _connect = connect;
        Logs = logs;
        Client = client;
        Services = services;
    }

    public LogCollector Logs { get; }

    public HttpClient Client { get; }

    public IServiceProvider Services { get; }

    /// <summary>In memory, in front of one node.</summary>
    public static Task<GatewayHost> StartAsync(
        ScriptedUpstream upstream,
        Action<OpenAiUpstreamOptions>? configure = null,
        Action<OpenAiRouteBuilder>? route = null,
        TimeProvider? time = null) =>
        StartAsync(
            options =>
            {
                options.To(upstream);
                configure?.Invoke(options);
            },
            route,
            time);

    public static async Task<GatewayHost> StartAsync(
        Action<OpenAiUpstreamOptions> configure, Action<OpenAiRouteBuilder>? route = null, TimeProvider? time = null)
    {
        var server = await InMemoryKestrel.StartAsync(builder => Add(builder, configure, time), app => Map(app, route));
        return new GatewayHost(server, server.Logs, server.CreateClient(), () => Task.FromResult(server.Connect()), server.Services);
    }

    /// <summary>On a socket, where a reset is a real one.</summary>
    public static async Task<GatewayHost> StartOnSocketAsync(
        Action<OpenAiUpstreamOptions> configure,
        Action<OpenAiRouteBuilder>? route = null,
        TimeProvider? time = null,
        HttpProtocols protocols = HttpProtocols.Http1,
        Action<WebApplicationBuilder>? build = null,
        Action<WebApplication>? use = null)
    {
        var logs = new LogCollector();
        var builder = WebApplication.CreateBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Trace).AddProvider(logs);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocols));
        Add(builder, configure, time);
        build?.Invoke(builder);
        var app = builder.Build();
        use?.Invoke(app);
        Map(app, route);
        await app.StartAsync().SoonAsync();
        var address = new Uri(app.Urls.Single());
        return new GatewayHost(app, logs, CreateClient(address, protocols), () => RawHttp.ConnectAsync(address), app.Services);
    }

    public Task<RawHttp> ConnectAsync() => _connect();

    /// <summary>One request on a connection of its own.</summary>
    public async Task<RawAnswer> SendAsync(string request)
    {
        await using var client = await ConnectAsync();
        await client.SendAsync(request);
        return await client.ReadAnswerAsync(toHead: request.StartsWith("HEAD", StringComparison.Ordinal));
    }

    /// <summary>The entry that says that a client left.</summary>
    public Task<LogEntry> WhenClientGoneAsync() => Logs.WhenLoggedAsync(entry => entry.EventId.Id == 1204);

    /// <summary>Stops a host on a socket as an app does, once its requests have ended: the ledger is emptied then.</summary>
    public Task StopAsync() => ((WebApplication)_server).StopAsync().SoonAsync();

    /// <summary>Throws when a request met an exception that nobody handled: no test expects one.</summary>
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
        Logs.Entries.Where(entry => entry is { EventId.Name: "ApplicationError", Exception: not AnswerCutException }).ShouldBeEmpty();
    }

    private static void Add(WebApplicationBuilder builder, Action<OpenAiUpstreamOptions> configure, TimeProvider? time)
    {
        builder.Services.AddOpenAiUpstream("openai", options =>
        {
            options.ApiKey = Key;
            configure(options);
        });
        if (time is not null)
        {
            builder.Services.AddSingleton(time);
        }
    }

    private static void Map(WebApplication app, Action<OpenAiRouteBuilder>? route)
    {
        var mapped = app.MapOpenAiRoute("/v1/{**rest}", upstream: "openai").WithMethods("POST", "GET", "HEAD", "PUT", "DELETE");
        route?.Invoke(mapped);
    }

    private static HttpClient CreateClient(Uri address, HttpProtocols protocols)
    {
        var handler = new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ActivityHeadersPropagator = null };
        return new HttpClient(handler)
        {
            BaseAddress = address,
            Timeout = Soon.Bound,
            DefaultRequestVersion = protocols == HttpProtocols.Http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }
}
