using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway.Tests.ProxyCache;

public class CacheMetricsTests
{
    [Fact]
    public async Task Each_request_counts_once_as_what_its_answer_says()
    {
        await using var host = await CacheHost.StartAsync(
            CacheHost.OneAfterAnother(CacheHost.Numbered(), connection => connection.WriteJsonAsync("{}", 500)),
            cache => (cache.StaleIfError, cache.Bypass) = (CacheHost.Ttl, ["$arg_fresh"]));
        var results = new ConcurrentQueue<string?>();
        var factory = host.Gateway.Services.GetRequiredService<IMeterFactory>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, factory) && instrument.Name == "openai_gateway.cache.results")
            {
                listening.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
        {
            count.ShouldBe(1);
            results.Enqueue($"{tags[0].Value} {tags[1].Value}");
        });
        listener.Start();

        await host.AskAsync();
        await host.AskAsync();
        await host.AskAsync(path: "/ask?fresh=1");
        host.Time.Advance(CacheHost.Ttl);
        await host.AskAsync();
        host.Time.Advance(CacheHost.Ttl);
        await host.AskAsync();

        results.ShouldBe(["/ask MISS", "/ask HIT", "/ask BYPASS", "/ask STALE", "/ask EXPIRED"]);
    }
}
