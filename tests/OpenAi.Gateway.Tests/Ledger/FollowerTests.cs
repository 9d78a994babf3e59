using Microsoft.AspNetCore.Builder;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>What is recorded for those who get the answer that another one asked for.</summary>
public sealed class FollowerTests
{
    private const string Question = """{"model":"m","messages":[]}""";
    private const string Stream = """{"model":"m","stream":true,"messages":[]}""";

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task Of_an_object_costs_nothing()
    {
        var patience = TimeSpan.FromSeconds(77);
        var (asked, answer) = (new SemaphoreSlim(0), new SemaphoreSlim(0));
        await using var host = await MeteredHost.StartAsync(
            async context =>
            {
                asked.Release();
                await answer.WaitAsync();
                await context.WriteJsonAsync();
            },
            _time,
            route: route => route.UseProxyCache(cache => cache.LockTimeout = patience));
        var leading = host.SendAsync(Question);
        await asked.WaitAsync().SoonAsync();
        var following = host.SendAsync(Question);
        await _time.WhenDueAsync(due => due == patience);

        answer.Release();
        await Endings.ReadAsync(await leading);
        await Endings.ReadAsync(await following);
        await host.Sink.WhenAsync(2);

        host.Sink.Records.Select(Endings.Facts).ShouldBe(
            [(UsageEnding.Ok, StandIn.Told, false, 200, 1), (UsageEnding.Follower, default, false, 200, 0)], ignoreOrder: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_a_stream_costs_nothing_and_the_leader_is_charged_although_it_left(bool leaves)
    {
        var next = new SemaphoreSlim(0);
        await using var host = await MeteredHost.StartAsync(
            async context =>
            {
                await context.WriteEventsAsync(StandIn.Text);
                await next.WaitAsync();
                await context.WriteEventsAsync(StandIn.Finish + StandIn.UsageEvent + StandIn.Done);
            },
            _time,
            route: route => route.UseProxyCache());

        var leader = await host.SendAsync(Stream);
        using var body = await leader.Content.ReadAsStreamAsync();
        await body.ReadAtLeastAsync(new byte[1000], 50).AsTask().SoonAsync();
        var follower = await host.SendAsync(Stream);
        if (leaves)
        {
            leader.Dispose();
            await host.WhenLeftAsync();
        }

        next.Release();
        await Endings.ReadAsync(follower);
        await (leaves ? Task.CompletedTask : body.CopyToAsync(System.IO.Stream.Null).SoonAsync());
        await host.Sink.WhenAsync(2);

        host.Sink.Records.Select(Endings.Facts).ShouldBe(
            [
                (leaves ? UsageEnding.ClientLeftAfterFirstToken : UsageEnding.Ok, StandIn.Told, false, 200, 1),
                (UsageEnding.Follower, default, false, 200, 0),
            ],
            ignoreOrder: true);
    }
}
