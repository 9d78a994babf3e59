using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenAi.Gateway;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Says what becomes of the usage of calls.</summary>
public static class OpenAiUsageServiceCollectionExtensions
{
    /// <summary>Sets prices, and where the usage of each call is written. It may be called more than once; the settings add up.</summary>
    /// <param name="services">The app's services.</param>
    /// <param name="configure">Sets the options. A wrong value stops the app at start-up.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddOpenAiUsage(this IServiceCollection services, Action<OpenAiUsageOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddUsageLedger().Configure(configure);
        return services;
    }

    /// <summary>
    /// Sets prices, and where the usage of each call is written, from configuration. The prices follow the section's changes while the app runs.
    /// </summary>
    /// <param name="services">The app's services.</param>
    /// <param name="section">A section with the members of <see cref="OpenAiUsageOptions"/>. A wrong value stops the app at start-up.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddOpenAiUsage(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        services.AddUsageLedger().Configure(options =>
        {
            OptionsCheck.Exists(section);
            SectionShape.Check<OpenAiUsageOptions>(section);
            foreach (var price in section.GetSection(nameof(options.Prices)).GetChildren())
            {
                SectionShape.Check<ModelPriceOptions>(price);
                SectionShape.CheckEach<TierPriceOptions>(price.GetSection(nameof(ModelPriceOptions.Tiers)));
            }

            section.Bind(options, OptionsCheck.Strict);
        });
        services.AddSingleton<IOptionsChangeTokenSource<OpenAiUsageOptions>>(
            new ConfigurationChangeTokenSource<OpenAiUsageOptions>(Options.Options.DefaultName, section));
        return services;
    }

    /// <summary>Registers the ledger, once, with everything that it needs.</summary>
    internal static OptionsBuilder<OpenAiUsageOptions> AddUsageLedger(this IServiceCollection services)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<OpenAiUsageOptions>, OpenAiUsageOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, UsageLedgerService>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ModelPrices>();
        services.TryAddSingleton<ModelLabels>();
        services.TryAddSingleton<GenAiTags>();
        services.TryAddSingleton<ListenerGuard>();
        services.TryAddSingleton<UsageMetrics>();
        services.TryAddSingleton(provider => new GenAiMetrics(
            provider.GetRequiredService<IMeterFactory>(),
            provider.GetRequiredService<ListenerGuard>(),
            GenAiOptIn.Read(provider.GetService<IConfiguration>()),
            provider.GetRequiredService<GenAiTags>()));
        services.TryAddSingleton<UsageLogSink>();
        services.TryAddSingleton(provider => new UsageFileSink(OptionsOf(provider).File!));
        services.TryAddSingleton(provider => new UsageSummary(OptionsOf(provider).SummaryHours, provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(CreateLedger);
        return services.AddOptions<OpenAiUsageOptions>();
    }

    private static UsageLedger CreateLedger(IServiceProvider provider)
    {
        var options = OptionsOf(provider);
        var sinks = new List<UsageSink>(provider.GetServices<UsageSink>());
        if (options.Log)
        {
            sinks.Add(provider.GetRequiredService<UsageLogSink>());
        }

        if (options.File is not null)
        {
            sinks.Add(provider.GetRequiredService<UsageFileSink>());
        }

        if (options.SummaryHours > 0)
        {
            sinks.Add(provider.GetRequiredService<UsageSummary>());
        }

        return new UsageLedger(
            sinks,
            options.QueueCapacity,
            provider.GetRequiredService<ModelPrices>(),
            provider.GetRequiredService<UsageMetrics>(),
            provider.GetRequiredService<GenAiMetrics>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<UsageLedger>>());
    }

    private static OpenAiUsageOptions OptionsOf(IServiceProvider provider) => provider.GetRequiredService<IOptions<OpenAiUsageOptions>>().Value;
}
