using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway.Tests.Usage;

/// <summary>Whatever sinks do, the one who adds a record never waits, and no record is lost without being counted.</summary>
public sealed class UsageLedgerTests
{
    [Fact]
    public async Task A_held_sink_delays_nobody_and_what_does_not_fit_is_counted_exactly()
    {
        var held = new HeldSink();
        await using var host = await UsageHost.StartAsync(usage => usage.QueueCapacity = 10_000, held);
        host.Ledger.Add(Records.Chat);
        await held.WhenEnteredAsync();

        foreach (var record in Records.Numbered(20_000))
        {
            host.Ledger.Add(record);
        }

        host.Measured.Sum("usage.dropped").ShouldBe(10_000);
        host.Measured.Of("usage.dropped").ShouldAllBe(one => one.Tags == "openai_gateway.usage.sink=HeldSink" && one.Unit == "{record}");
        held.Release();
        await host.StopAsync();
        held.Records.Skip(1).Select(record => record.Status).ShouldBe(Enumerable.Range(0, 10_000));
    }

    [Fact]
    public async Task Every_sink_gets_everything_in_order_although_another_fails_and_a_third_is_held()
    {
        var (first, second, held, throwing) = (new HeldSink().Release(), new HeldSink().Release(), new HeldSink(), new ThrowingSink());
        await using var host = await UsageHost.StartAsync(throwing, held, first, second);

        foreach (var record in Records.Numbered(5_000))
        {
            host.Ledger.Add(record);
        }

        held.Release();
        await host.StopAsync();
        foreach (var sink in new[] { first, second, held })
        {
            sink.Records.Select(record => record.Status).ShouldBe(Enumerable.Range(0, 5_000));
            sink.HasMetItself.ShouldBeFalse();
            sink.LargestBatch.ShouldBeLessThanOrEqualTo(256);
        }

        host.Measured.Sum("usage.dropped").ShouldBe(5_000);
        host.Measured.Of("usage.dropped").ShouldAllBe(one => one.Tags == "openai_gateway.usage.sink=ThrowingSink");
    }

    [Fact]
    public async Task Records_of_many_threads_at_once_all_arrive()
    {
        var sink = new HeldSink().Release();
        await using var host = await UsageHost.StartAsync(sink);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                host.Ledger.Add(Records.Chat with { Status = (thread * 1000) + i });
            }
        }))).SoonAsync();

        await host.StopAsync();
        sink.Records.Select(record => record.Status).Order().ShouldBe(Enumerable.Range(0, 8000));
        host.Measured.Of("usage.dropped").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_failing_sink_is_logged_once_a_minute()
    {
        var throwing = new ThrowingSink();
        await using var host = await UsageHost.StartAsync(throwing);

        for (var call = 1; call <= 3; call++)
        {
            host.Ledger.Add(Records.Chat);
            await host.Measured.WhenAsync("usage.dropped", call);
        }

        await host.Logs.WhenLoggedAsync(entry => entry.EventId.Id == 1601);
        host.Time.Advance(TimeSpan.FromMinutes(1));
        host.Ledger.Add(Records.Chat);
        await host.StopAsync();

        var failures = host.Logs.Entries.Where(entry => entry.EventId.Id == 1601).ToList();
        failures.Count.ShouldBe(2);
        failures.ShouldAllBe(entry => entry.Message.Contains("'ThrowingSink' failed; 1 records") && entry.Exception!.Message == "no room");
    }

    [Fact]
    public async Task Stopping_waits_for_what_is_queued()
    {
        var sink = new HeldSink();
        await using var host = await UsageHost.StartAsync(sink);
        foreach (var record in Records.Numbered(1000))
        {
            host.Ledger.Add(record);
        }

        var stopping = host.StopAsync();
        await host.Time.WhenDueAsync(due => due == TimeSpan.FromSeconds(5));
        stopping.IsCompleted.ShouldBeFalse();
        sink.Release();
        await stopping;

        sink.Records.Count.ShouldBe(1000);
    }

    [Fact]
    public async Task Stopping_waits_for_what_is_queued_also_when_the_host_has_no_time_left()
    {
        var sink = new HeldSink();
        await using var host = await UsageHost.StartAsync(sink);
        host.Ledger.Add(Records.Chat);

        var stopping = host.StopAsync(new CancellationToken(canceled: true));
        await host.Time.WhenDueAsync(due => due == TimeSpan.FromSeconds(5));
        sink.Release();
        await stopping;

        sink.Records.Count.ShouldBe(1);
    }

    [Fact]
    public async Task So_does_disposing_an_app_that_was_not_stopped()
    {
        var sink = new HeldSink();
        await using var host = await UsageHost.StartAsync(sink);
        host.Ledger.Add(Records.Chat);
        await sink.WhenEnteredAsync();

        var disposing = ((IAsyncDisposable)host.Services).DisposeAsync();
        disposing.IsCompleted.ShouldBeFalse();
        sink.Release();
        await disposing.AsTask().SoonAsync();

        sink.Records.Count.ShouldBe(1);
    }

    [Fact]
    public async Task An_app_waits_for_its_sinks_once()
    {
        var sink = new HeldSink { IgnoresCancellation = true };
        await using var host = await UsageHost.StartAsync(sink);
        host.Ledger.Add(Records.Chat);
        await sink.WhenEnteredAsync();
        var stopping = host.StopAsync();
        await host.Time.WhenDueAsync(due => due == TimeSpan.FromSeconds(5));
        host.Time.Advance(TimeSpan.FromSeconds(5));
        await stopping;

        await ((IAsyncDisposable)host.Services).DisposeAsync().AsTask().SoonAsync();

        sink.Release();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stopping_does_not_wait_longer_than_five_seconds_for_a_sink(bool ignoresCancellation)
    {
        var sink = new HeldSink { IgnoresCancellation = ignoresCancellation };
        await using var host = await UsageHost.StartAsync(sink);
        host.Ledger.Add(Records.Chat);
        await sink.WhenEnteredAsync();
        foreach (var record in Records.Numbered(1000))
        {
            host.Ledger.Add(record);
        }

        var stopping = host.StopAsync();
        await host.Time.WhenDueAsync(due => due == TimeSpan.FromSeconds(5));
        host.Time.Advance(TimeSpan.FromSeconds(5));
        await stopping;

        // What a sink still holds may yet be written; all else is known to be lost.
        await host.Measured.WhenSumAsync("usage.dropped", ignoresCancellation ? 1000 : 1001);
        sink.Release();
    }

    [Fact]
    public async Task Without_sinks_and_listeners_nobody_wants_records()
    {
        await using var host = await UsageHost.StartAsync();
        host.Measured.Dispose();

        host.Ledger.IsOn.ShouldBeFalse();
    }

    [Fact]
    public async Task A_listener_of_the_metrics_turns_metering_on()
    {
        await using var host = await UsageHost.StartAsync();

        host.Ledger.IsOn.ShouldBeTrue();
    }

    [Fact]
    public async Task A_sink_turns_metering_on()
    {
        await using var host = await UsageHost.StartAsync(new ThrowingSink());
        host.Measured.Dispose();

        host.Ledger.IsOn.ShouldBeTrue();
    }

    [Fact]
    public async Task A_listener_of_the_metrics_that_throws_costs_no_call_its_answer()
    {
        var sink = new HeldSink().Release();
        await using var host = await UsageHost.StartAsync(sink);
        using var listener = ListenerOf(host);
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => throw new UnreachableException());
        listener.Start();

        host.Ledger.Add(Records.Chat);

        await host.StopAsync();
        sink.Records.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_listener_that_throws_at_dropped_records_does_not_end_their_queue()
    {
        var sink = new ThrowingSink();
        await using var host = await UsageHost.StartAsync(sink);
        using var listener = ListenerOf(host);
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => throw new UnreachableException());
        listener.Start();
        host.Ledger.Add(Records.Chat);
        await host.Logs.WhenLoggedAsync(entry => entry.Message.Contains("'ThrowingSink' failed"));

        host.Ledger.Add(Records.Chat);

        await host.StopAsync();
        sink.Calls.ShouldBe(2);
    }

    [Fact]
    public async Task Adding_allocates_nothing()
    {
        var record = Records.Chat;
        await using var host = await UsageHost.StartAsync(usage =>
        {
            usage.QueueCapacity = 1;
            usage.Prices["gpt-4o"] = new ModelPriceOptions { Input = 1, Output = 2 };
        }, new HeldSink());
        var ledger = host.Ledger;
        for (var i = 0; i < 1000; i++)
        {
            ledger.Add(record);
        }

        host.Measured.Dispose();
        using var listener = ListenerOf(host);
        listener.Start();
        ledger.Add(record);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            ledger.Add(record);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1000);
    }

    // Of this app's instruments alone.
    private static MeterListener ListenerOf(UsageHost host) => new()
    {
        InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, host.Services.GetRequiredService<IMeterFactory>()))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        },
    };
}
