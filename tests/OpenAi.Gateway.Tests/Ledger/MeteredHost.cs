using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>A gateway in memory, whose records are kept, in front of a server that a test writes.</summary>
internal sealed class MeteredHost : IAsyncDisposable
{
    private readonly InMemoryKestrel _upstream;
    private readonly InMemoryKestrel _gateway;
    private readonly TaskCompletionSource _left;

    private MeteredHost(InMemoryKestrel upstream, InMemoryKestrel gateway, LedgerSink sink, TaskCompletionSource left)
    {
        _left = left;
        _upstream = upstream;
        _gateway = gateway;
        Sink = sink;
        Client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(gateway.Transport.Connect()),
            UseProxy = false,
            ActivityHeadersPropagator = null,

            // To leave is to close the connection.
            MaxResponseDrainSize = 0,
        });
    }

    public LedgerSink Sink { get; }

    public HttpMessageInvoker Client { get; }

    public IServiceProvider Services => _gateway.Services;

    /// <param name="upstream">Answers what reaches the upstream.</param>
    /// <param name="time">The gateway's time.</param>
    /// <param name="configure">Changes the upstream's options.</param>
    /// <param name="route">Adds to the route.</param>
    /// <param name="build">Adds services.</param>
    /// <param name="use">Adds middleware.</param>
    public static async Task<MeteredHost> StartAsync(
        RequestDelegate upstream,
        TimeProvider? time = null,
        Action<OpenAiUpstreamOptions>? configure = null,
        Action<OpenAiRouteBuilder>? route = null,
        Action<WebApplicationBuilder>? build = null,
        Action<WebApplication>? use = null)
    {
        var sink = new LedgerSink();
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var server = await InMemoryKestrel.StartAsync(
            builder => builder.Logging.SetMinimumLevel(LogLevel.None),
            app => app.Run(upstream));
        var gateway = await InMemoryKestrel.StartAsync(
            builder =>
            {
                builder.Logging.SetMinimumLevel(LogLevel.Error);
                builder.Services.AddSingleton(time ?? TimeProvider.System);
                builder.Services.AddSingleton<UsageSink>(sink);
                builder.Services.AddOpenAiUpstream("openai", options =>
                {
                    options.ApiKey = "sk-test";
                    options.AddNode("http://stand-in").ConfigureHandler(
                        handler => handler.ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(server.Transport.Connect()));
                    configure?.Invoke(options);
                });
                build?.Invoke(builder);
            },
            app =>
            {
                app.Use((context, next) =>
                {
                    // Behind what the gateway does about it, which is registered later.
                    context.RequestAborted.Register(() => left.TrySetResult());
                    return next(context);
                });
                use?.Invoke(app);
                var mapped = app.MapOpenAiRoute("/v1/{**rest}", upstream: "openai").WithMethods("GET", "POST");
                route?.Invoke(mapped);
            });
        return new MeteredHost(server, gateway, sink, left);
    }

    public Task<HttpResponseMessage> SendAsync(
        string body,
        string path = "chat/completions",
        IEnumerable<(string Name, string Value)>? headers = null,
        CancellationToken leave = default)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"http://gateway/v1/{path}") { Content = new StringContent(body) };
        foreach (var (name, value) in headers ?? [])
        {
            request.Headers.Add(name, value);
        }

        return Client.SendAsync(request, leave).SoonAsync("the answer's head");
    }

    /// <summary>Completes once the gateway knows that a client has left.</summary>
    public Task WhenLeftAsync() => _left.Task.SoonAsync("a client that leaves");

    /// <summary>The record of the only call.</summary>
    public async Task<UsageRecord> RecordAsync()
    {
        await Sink.WhenAsync(1);
        return Sink.Records.ShouldHaveSingleItem();
    }

    /// <summary>Throws when a request met an exception that nobody handled: no test expects one.</summary>
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _gateway.DisposeAsync();
        await _upstream.DisposeAsync();
        _gateway.Logs.Entries.Where(entry => entry is { EventId.Name: "ApplicationError", Exception: not (AnswerCutException or AppException) }).ShouldBeEmpty();
    }
}
