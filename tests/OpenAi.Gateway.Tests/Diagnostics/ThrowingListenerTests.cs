using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenAi.Gateway.Tests.Ledger;
using OpenAi.Gateway.Tests.LimitCount;
using OpenAi.Gateway.Tests.Usage;

namespace OpenAi.Gateway.Tests.Diagnostics;

/// <summary>A listener of metrics that throws costs no call its answer, whatever is measured.</summary>
public sealed class ThrowingListenerTests
{
    private const string Question = """{"model":"m","messages":[]}""";

    [Fact]
    public async Task An_answer_a_hit_and_a_refusal_reach_their_clients()
    {
        await using var host = await MeteredHost.StartAsync(
            context => context.WriteJsonAsync(),
            route: route => route.UseProxyCache().UseLimitCount(limit => LimitHost.Of(limit, 2)));
        using var listener = Listen(host.Services);

        (await StatusAsync(host)).ShouldBe(200);
        (await StatusAsync(host)).ShouldBe(200);
        (await StatusAsync(host)).ShouldBe(429);

        await host.Sink.WhenAsync(3);
        host.Sink.Records.Select(record => record.Ending).ShouldBe([UsageEnding.Ok, UsageEnding.CacheHit, UsageEnding.Rejected]);
    }

    [Theory]
    [InlineData("chat/completions", false)]
    [InlineData("completions", true)]
    public async Task A_stream_reaches_its_end(string path, bool isBridged)
    {
        await using var host = await MeteredHost.StartAsync(
            context => context.WriteEventsAsync(StandIn.Text + StandIn.Finish + StandIn.UsageEvent + StandIn.Done),
            route: route =>
            {
                if (isBridged)
                {
                    route.BridgeCompletions(bridge => bridge.DefaultModel = "m");
                }
            });
        using var listener = Listen(host.Services);

        using var answer = await host.SendAsync("""{"model":"m","prompt":"p","stream":true}""", path);

        (await answer.Content.ReadAsStringAsync().SoonAsync()).ShouldEndWith(StandIn.Done);
        (await host.RecordAsync()).Ending.ShouldBe(UsageEnding.Ok);
    }

    [Fact]
    public async Task So_does_the_answer_of_a_retry()
    {
        var calls = 0;
        await using var host = await MeteredHost.StartAsync(
            context =>
            {
                context.Response.Headers["retry-after-ms"] = "0";
                return context.WriteJsonAsync(status: ++calls == 1 ? 503 : 200);
            },
            configure: options => options.Retries = 1);
        using var listener = Listen(host.Services);

        (await StatusAsync(host)).ShouldBe(200);
        calls.ShouldBe(2);
    }

    [Fact]
    public async Task The_log_says_so_once_a_minute()
    {
        await using var host = await UsageHost.StartAsync();
        using var listener = Listen(host.Services);

        host.Ledger.Add(Records.Chat);
        host.Ledger.Add(Records.Chat);
        host.Time.Advance(TimeSpan.FromMinutes(1));
        host.Ledger.Add(Records.Chat);

        var failures = host.Logs.Entries.Where(entry => entry.EventId.Id == 1701).ToList();
        failures.Count.ShouldBe(2);
        failures.ShouldAllBe(entry => entry.Message.Contains("'gen_ai.client.operation.duration'") && entry.Exception is UnreachableException);
    }

    private static async Task<int> StatusAsync(MeteredHost host)
    {
        using var answer = await host.SendAsync(Question);
        await answer.Content.ReadAsStringAsync().SoonAsync();
        return (int)answer.StatusCode;
    }

    private static MeterListener Listen(IServiceProvider services)
    {
        var factory = services.GetRequiredService<IMeterFactory>();
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == GatewayMetrics.MeterName && ReferenceEquals(instrument.Meter.Scope, factory))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => throw new UnreachableException());
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => throw new UnreachableException());
        listener.Start();
        return listener;
    }
}
