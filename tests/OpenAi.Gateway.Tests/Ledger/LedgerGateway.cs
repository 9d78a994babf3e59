using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>The gateway between the clients and the stand-in, with all that a record depends on.</summary>
internal sealed class LedgerGateway : IAsyncDisposable
{
    public const string Password = "password";
    public const int Limit = 100;
    public const string StatusHeader = "X-Cache-Status";

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _arrivals = new();
    private InMemoryKestrel? _server;

    public LedgerSink Sink { get; } = new();

    public LedgerCounter Counter { get; } = new();

    public LogCollector Logs => _server!.Logs;

    public static async Task<LedgerGateway> StartAsync(LedgerUpstream upstream, LedgerClock clock, IEnumerable<LedgerCall> calls)
    {
        var gateway = new LedgerGateway();
        gateway._server = await InMemoryKestrel.StartAsync(
            builder =>
            {
                builder.Logging.SetMinimumLevel(LogLevel.Error);
                builder.Services.AddSingleton<TimeProvider>(clock);
                builder.Services.AddSingleton<UsageSink>(gateway.Sink);
                builder.Services.AddSingleton<LimitCounter>(gateway.Counter);
                builder.Services.AddOpenAiUpstream("openai", options => Configure(options, upstream));
                builder.Services.AddOpenAiUpstream("unasked", options => Configure(options, upstream).AsksForUsage = false);
                builder.Services.AddOpenAiUpstream("failing", options => Configure(options, upstream).FallbackTo("openai").FallbackTo("other").RetryBudget = 30);
                builder.Services.AddOpenAiUpstream("other", options => Configure(options, upstream));
            },
            app =>
            {
                clock.Watch(app);
                app.Use((context, next) =>
                {
                    var call = context.Request.Headers[LedgerClock.CallHeader].ToString();
                    gateway.ArrivalOf(call).TrySetResult();
                    return next(context);
                });
                app.UseBasicAuthConsumers(consumers =>
                {
                    foreach (var call in calls)
                    {
                        consumers.Add(call.Name, call.Name, Password);
                    }
                });
                Map(app);
            });
        return gateway;
    }

    public Stream Connect() => _server!.Transport.Connect();

    /// <summary>Completes when the call's request has come.</summary>
    public Task WhenArrivedAsync(LedgerCall call) => ArrivalOf(call.Name).Task.SoonAsync($"the request of {call}");

    public ValueTask DisposeAsync() => _server!.DisposeAsync();

    private TaskCompletionSource ArrivalOf(string call) =>
        _arrivals.GetOrAdd(call, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    private static OpenAiUpstreamOptions Configure(OpenAiUpstreamOptions options, LedgerUpstream upstream)
    {
        options.ApiKey = "sk-test";
        options.Retries = 2;
        options.RetryBudget = 100;
        return options.AddNode("http://stand-in").ConfigureHandler(
            handler => handler.ConnectCallback = (_, _) => ValueTask.FromResult(upstream.Connect()));
    }

    private static void Map(WebApplication app)
    {
        MapRoute(app, LedgerRoute.Plain).UseLimitTokens(limit =>
        {
            limit.Group = LedgerCounter.Group;
            limit.Count = 1_000_000;
            limit.TimeWindow = TimeSpan.FromDays(1);
            limit.UseKey(context => context.Request.Headers[LedgerClock.CallHeader]);
        });
        MapRoute(app, LedgerRoute.Unasked, "unasked");
        MapRoute(app, LedgerRoute.Fallback, "failing");
        MapRoute(app, LedgerRoute.Bridged).BridgeCompletions(bridge => bridge.DefaultModel = "chat");
        MapRoute(app, LedgerRoute.Cached).UseProxyCache(cache => cache.Key = ["$uri", "$request_body"]);
        MapRoute(app, LedgerRoute.Limited).UseLimitCount(limit =>
        {
            limit.Count = Limit;
            limit.TimeWindow = TimeSpan.FromDays(1);
            limit.UseKey(_ => "all");
        });
    }

    private static OpenAiRouteBuilder MapRoute(WebApplication app, LedgerRoute route, string upstream = "openai") =>
        app.MapOpenAiRoute($"/{route}/{{**rest}}", upstream).RewritePath("/v1/{**rest}");
}
