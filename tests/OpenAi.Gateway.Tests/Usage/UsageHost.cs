using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenAi.Gateway.Tests.Diagnostics;

namespace OpenAi.Gateway.Tests.Usage;

/// <summary>An app that has nothing but the ledger of usage.</summary>
internal sealed class UsageHost : IAsyncDisposable
{
    private readonly IHost _host;

    private UsageHost(IHost host, LogCollector logs, ManualTimeProvider time)
    {
        _host = host;
        Logs = logs;
        Time = time;
        Measured = new Measurements(host.Services);
    }

    public LogCollector Logs { get; }

    public ManualTimeProvider Time { get; }

    public Measurements Measured { get; }

    public IServiceProvider Services => _host.Services;

    public UsageLedger Ledger => Services.GetRequiredService<UsageLedger>();

    public static Task<UsageHost> StartAsync(params UsageSink[] sinks) => StartAsync(_ => { }, sinks);

    public static Task<UsageHost> StartAsync(Action<OpenAiUsageOptions> configure, params UsageSink[] sinks) =>
        StartAsync(services => services.AddOpenAiUsage(configure), [], sinks);

    public static async Task<UsageHost> StartAsync(
        Action<IServiceCollection> add, IEnumerable<KeyValuePair<string, string?>> settings, params UsageSink[] sinks)
    {
        var logs = new LogCollector();
        var time = new ManualTimeProvider();
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Logging.SetMinimumLevel(LogLevel.Trace).AddProvider(logs);
        builder.Services.AddSingleton<TimeProvider>(time);
        foreach (var sink in sinks)
        {
            builder.Services.AddSingleton(sink);
        }

        add(builder.Services);
        var host = builder.Build();
        try
        {
            await host.StartAsync().SoonAsync();
        }
        catch
        {
            host.Dispose();
            throw;
        }

        return new UsageHost(host, logs, time);
    }

    public Task StopAsync(CancellationToken cancellationToken = default) => _host.StopAsync(cancellationToken).SoonAsync();

    public async ValueTask DisposeAsync()
    {
        Measured.Dispose();
        var stopping = _host.StopAsync();
        while (!stopping.IsCompleted && await Task.WhenAny(stopping, Time.WhenDueAsync(_ => true)) != stopping)
        {
            Time.Advance(TimeSpan.FromSeconds(5));
        }

        await stopping.SoonAsync();
        _host.Dispose();
    }
}
