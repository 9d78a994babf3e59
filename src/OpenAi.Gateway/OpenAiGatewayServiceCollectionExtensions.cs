using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenAi.Gateway;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers upstreams, and with them everything that the gateway needs.</summary>
public static class OpenAiGatewayServiceCollectionExtensions
{
    /// <summary>Adds an upstream: a named group of nodes that speak OpenAI's API.</summary>
    /// <param name="services">The app's services.</param>
    /// <param name="name">The name that <c>MapOpenAiRoute</c> refers to.</param>
    /// <param name="configure">Sets nodes, key and times. A wrong value stops the app at start-up.</param>
    /// <returns>The same services.</returns>
    /// <exception cref="ArgumentException">The name is empty or was added before.</exception>
    public static IServiceCollection AddOpenAiUpstream(this IServiceCollection services, string name, Action<OpenAiUpstreamOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        AddGateway(services, name).Configure(configure);
        return services;
    }

    /// <summary>Adds an upstream from configuration. It follows the section's changes while the app runs.</summary>
    /// <param name="services">The app's services.</param>
    /// <param name="name">The name that <c>MapOpenAiRoute</c> refers to.</param>
    /// <param name="section">A section with the members of <see cref="OpenAiUpstreamOptions"/>. A wrong value stops the app at start-up.</param>
    /// <returns>The same services.</returns>
    /// <exception cref="ArgumentException">The name is empty or was added before.</exception>
    public static IServiceCollection AddOpenAiUpstream(this IServiceCollection services, string name, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        AddGateway(services, name).Configure(options =>
        {
            foreach (var fallback in section.GetSection(nameof(options.Fallbacks)).GetChildren())
            {
                OptionsCheck.NoColons(fallback.GetSection(nameof(OpenAiFallbackOptions.Models)), "FallbackTo(…, fallback => fallback.Models");
            }

            SectionShape.Check<OpenAiUpstreamOptions>(section);
            SectionShape.CheckEach<OpenAiUpstreamNodeOptions>(section.GetSection(nameof(options.Nodes)));
            SectionShape.CheckEach<OpenAiFallbackOptions>(section.GetSection(nameof(options.Fallbacks)));
            section.Bind(options, OptionsCheck.Strict);
        });
        services.AddSingleton<IOptionsChangeTokenSource<OpenAiUpstreamOptions>>(new UpstreamSection(name, section));
        return services;
    }

    /// <summary>Sets how much memory the answers take that <c>UseProxyCache</c> stores.</summary>
    /// <param name="services">The app's services.</param>
    /// <param name="configure">Sets the options. A wrong value stops the app at start-up.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddProxyCache(this IServiceCollection services, Action<ProxyCacheStoreOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddStoreOptions().Configure(configure).ValidateOnStart();
        return services;
    }

    /// <summary>Sets from configuration how much memory the answers take that <c>UseProxyCache</c> stores. A change needs a restart.</summary>
    /// <param name="services">The app's services.</param>
    /// <param name="section">A section with the members of <see cref="ProxyCacheStoreOptions"/>. A wrong value stops the app at start-up.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddProxyCache(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return services.AddProxyCache(options =>
        {
            OptionsCheck.Exists(section);
            SectionShape.Check<ProxyCacheStoreOptions>(section);
            section.Bind(options, OptionsCheck.Strict);
        });
    }

    private static OptionsBuilder<ProxyCacheStoreOptions> AddStoreOptions(this IServiceCollection services)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ProxyCacheStoreOptions>, ProxyCacheStoreOptionsValidator>());
        return services.AddOptions<ProxyCacheStoreOptions>();
    }

    private static OptionsBuilder<OpenAiUpstreamOptions> AddGateway(IServiceCollection services, string name)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (services.Any(service => service.ImplementationInstance is UpstreamName added && added.Value == name))
        {
            throw new ArgumentException($"An upstream named '{name}' was added before. Give each upstream its own name.", nameof(name));
        }

        services.AddSingleton(new UpstreamName(name));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<OpenAiUpstreamOptions>, OpenAiUpstreamOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<MatcherPolicy, PurgeMatcherPolicy>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<GatewayErrorWriter, OpenAiErrorWriter>();
        services.TryAddSingleton<LimitCounter, MemoryLimitCounter>();
        services.TryAddSingleton<GatewayMetrics>();
        services.TryAddSingleton<UpstreamRegistry>();
        services.AddUsageLedger();
        services.AddStoreOptions();
        services.TryAddSingleton<GatewayServices>();
        services.TryAddSingleton(CreateCache);
        services.AddHostedService<GatewayStartupCheck>();
        return services.AddOptions<OpenAiUpstreamOptions>(name);
    }

    /// <summary>
    /// The cache registered for the gateway, else the app's own, else an embedded one. The embedded one is never registered as the app's
    /// <see cref="HybridCache"/>: it would take the place of the one that the app adds later.
    /// </summary>
    private static GatewayCache CreateCache(IServiceProvider provider)
    {
        var loggers = provider.GetRequiredService<ILoggerFactory>();
        var time = provider.GetRequiredService<TimeProvider>();
        var logger = loggers.CreateLogger(ProxyCacheLog.Category);
        var failures = new StoreFailures(time, logger);
        EntryStore store = (provider.GetKeyedService<HybridCache>("OpenAi.Gateway") ?? provider.GetService<HybridCache>()) is { } cache
            ? new HybridEntryStore(cache, time)
            : new EmbeddedEntryStore(
                new EntryMemory(provider.GetRequiredService<IOptions<ProxyCacheStoreOptions>>().Value.SizeLimit, time),
                provider.GetService<IDistributedCache>() is { } distributed and not MemoryDistributedCache ? distributed : null,
                time,
                failures);
        ProxyCacheLog.StoreChosen(logger, store.Name);
        return new GatewayCache(store, time, failures);
    }
}
