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

        host.Sink.Records.ShouldHaveSingleItem().Usage.Output.ShouldBePositive();
    }

    private static Task<MeteredHost> StartAsync() => MeteredHost.StartAsync(async context =>
    {
        await context.WriteEventsAsync(StandIn.Text);
        await context.HangAsync();
    });
}
