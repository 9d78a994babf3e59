using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>What is recorded of the calls that an app's end cuts off.</summary>
public sealed class ShutdownTests
{
    private const string Stream = """{"model":"m","stream":true,"messages":[]}""";

    [Fact]
    public async Task An_app_that_is_disposed_without_being_stopped_loses_no_record_of_an_open_stream()
    {
        await using var host = await StartAsync();
        using var answer = await host.SendAsync(Stream);

        await ((IAsyncDisposable)host.Services).DisposeAsync().AsTask().SoonAsync();

        var record = host.Sink.Records.ShouldHaveSingleItem();
        (record.Ending, record.Usage.Output > 0).ShouldBe((UsageEnding.Shutdown, true));
    }

    [Fact]
    public async Task A_stream_that_the_shutdown_cuts_off_says_so()
    {
        await using var host = await StartAsync();
        using var answer = await host.SendAsync(Stream);

        await StopAsync(host, new CancellationToken(canceled: true));

        Endings.Facts(await host.RecordAsync()).ShouldBe((UsageEnding.Shutdown, new TokenUsage(Endings.Estimate(Stream), 2), true, 200, 1));
    }

    [Fact]
    public async Task So_does_a_call_whose_answer_has_not_begun()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await MeteredHost.StartAsync(context =>
        {
            asked.SetResult();
            return context.HangAsync();
        });
        var sending = host.SendAsync(Stream);
        await asked.Task.SoonAsync();

        await StopAsync(host, new CancellationToken(canceled: true));

        await Should.ThrowAsync<HttpRequestException>(() => sending);
        Endings.Facts(await host.RecordAsync()).ShouldBe((UsageEnding.Shutdown, default, true, 499, 1));
    }

    [Fact]
    public async Task A_client_that_leaves_while_the_app_waits_for_it_has_left()
    {
        await using var host = await StartAsync();
        var answer = await host.SendAsync(Stream);
        var stopping = StopAsync(host, CancellationToken.None);

        answer.Dispose();

        await stopping;
        (await host.RecordAsync()).Ending.ShouldBe(UsageEnding.ClientLeftAfterFirstToken);
    }

    private static Task StopAsync(MeteredHost host, CancellationToken noTime) =>
        host.Services.GetRequiredService<IHost>().StopAsync(noTime).SoonAsync("the end of the app");

    private static Task<MeteredHost> StartAsync() => MeteredHost.StartAsync(async context =>
    {
        await context.WriteEventsAsync(StandIn.Text);
        await context.HangAsync();
    });
}
