using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

/// <summary>What the stages use, resolved once per app rather than once per request.</summary>
internal sealed class GatewayServices(
    IServiceProvider provider,
    UpstreamRegistry upstreams,
    GatewayErrorWriter errors,
    GatewayMetrics metrics,
    ListenerGuard listeners,
    UsageLedger usage,
    LimitCounter counter,
    ModelPrices prices,
    TimeProvider time,
    ILoggerFactory loggers) : IDisposable
{
    private readonly ConcurrentQueue<IDisposable> _subscriptions = [];
    private readonly Lazy<GatewayCache> _cache = new(provider.GetRequiredService<GatewayCache>);
    private bool _toleratesPlainHttp = provider.GetService<IHostEnvironment>()?.IsDevelopment() == true;

    public PolicyScope EmptyScope { get; } = new([]);

    public UpstreamRegistry Upstreams => upstreams;

    public GatewayMetrics Metrics => metrics;

    public ListenerGuard Listeners => listeners;

    public UsageLedger Usage => usage;

    public TimeProvider Time => time;

    public ILoggerFactory Loggers => loggers;

    public LimitCounter Counter => counter;

    /// <summary>How long requests wait for the counter, whatever limit asks it.</summary>
    public StorePatience CounterPatience { get; } = new(time);

    public ModelPrices Prices => prices;

    public ConcurrencyGates Gates { get; } = new();

    /// <summary>Made at first use, so that an app without a cache policy makes no cache.</summary>
    public GatewayCache Cache => _cache.Value;

    public ConsumerStore? ConsumerStore => provider.GetService<ConsumerStore>();

    /// <summary>Whether a policy was written on the app, in whatever branch.</summary>
    public bool AppHasPolicies { get; set; }

    /// <summary>The routes that a policy of the app cannot cover, because it was written behind <c>UseEndpoints</c>.</summary>
    public EndedRoutes EndedRoutes { get; } = new();

    /// <summary>Whether a cache policy was written on the app: then every OpenAI route accepts <c>PURGE</c>.</summary>
    public bool AppHasCache { get; set; }

    /// <summary>Ends what follows the configuration when the app ends.</summary>
    public void EndWithApp(IDisposable? subscription)
    {
        if (subscription is not null)
        {
            _subscriptions.Enqueue(subscription);
        }
    }

    public void Dispose()
    {
        foreach (var subscription in _subscriptions)
        {
            subscription.Dispose();
        }
    }

    public Task WriteErrorAsync(HttpContext context, GatewayError error)
    {
        GatewayRequest.Of(context).Error = error;
        return errors.WriteAsync(context, error);
    }

    /// <summary>Says once, outside development, that credentials came over plain HTTP.</summary>
    public void WarnOfPlainHttp(HttpRequest request)
    {
        if (!_toleratesPlainHttp && !request.IsHttps && request.Headers.Authorization.Count > 0 && !Interlocked.Exchange(ref _toleratesPlainHttp, true))
        {
            BasicAuthLog.PlainHttp(loggers.CreateLogger(BasicAuthLog.Category));
        }
    }

    public static GatewayServices From(IServiceProvider provider) =>
        provider.GetService<GatewayServices>() ?? throw new InvalidOperationException(
            "OpenAi.Gateway's services are missing. Call builder.Services.AddOpenAiUpstream(\"openai\", upstream => …) before builder.Build().");
}
