using System.Diagnostics;
using OpenAi.Gateway.Tests.Forwarding;

namespace OpenAi.Gateway.Tests.Bridge;

/// <summary>Calls that nobody needs any more end at once, and what they held goes back.</summary>
[Collection(Timing.Name)]
public sealed class BridgeReleaseTests
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(50);
    private static readonly string[] Prompts = ["a", "b", "c"];

    [Theory]
    [InlineData("", false)]
    [InlineData("", true)]
    [InlineData(""","stream":true""", false)]
    [InlineData(""","stream":true""", true)]
    public async Task A_client_that_leaves_ends_all_calls(string form, bool hasBegun)
    {
        await using var upstream = ScriptedUpstream.Start();
        await using var gateway = await StartAsync(upstream);

        await Timing.ShouldHappenWithinAsync(AtOnce, async () =>
        {
            await using var client = await gateway.ConnectAsync();
            await client.SendAsync(BridgeHost.Raw(BridgeHost.Body(form, Prompts)));
            var calls = await upstream.CallsAsync(Prompts);
            await (hasBegun ? BeginAsync(calls, client, isStream: form.Length > 0) : Task.CompletedTask);
            var left = Stopwatch.GetTimestamp();
            client.Reset();
            await Task.WhenAll(calls.Select(call => call.PeerClosed)).SoonAsync("the end of all calls");
            return left;
        });
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("", true)]
    [InlineData(""","stream":true""", false)]
    [InlineData(""","stream":true""", true)]
    public async Task A_call_that_fails_ends_the_others(string form, bool hasBegun)
    {
        await using var upstream = ScriptedUpstream.Start();
        await using var gateway = await StartAsync(upstream);

        await Timing.ShouldHappenWithinAsync(AtOnce, async () =>
        {
            await using var client = await gateway.ConnectAsync();
            await client.SendAsync(BridgeHost.Raw(BridgeHost.Body(form, Prompts)));
            var calls = await upstream.CallsAsync(Prompts);
            await (hasBegun ? BeginAsync(calls, client, isStream: form.Length > 0) : Task.CompletedTask);
            var failed = Stopwatch.GetTimestamp();
            if (hasBegun)
            {
                calls[1].Reset();
            }
            else
            {
                await calls[1].WriteJsonAsync("{}", 400);
            }

            await Task.WhenAll(calls[0].PeerClosed, calls[2].PeerClosed).SoonAsync("the end of the others");
            return failed;
        });
    }

    private static Task<GatewayHost> StartAsync(ScriptedUpstream upstream) => GatewayHost.StartOnSocketAsync(
        options => options.To(upstream).Retries = 0, route => route.BridgeCompletions(bridge => bridge.Map(BridgeHost.Legacy, BridgeHost.Chat)));

    private static async Task BeginAsync(UpstreamConnection[] calls, RawHttp client, bool isStream)
    {
        foreach (var call in calls)
        {
            if (isStream)
            {
                await call.StartSseAsync();
            }
            else
            {
                await call.WriteHeadAsync(200, ("Content-Type", "application/json"), ("Content-Length", "1000"));
                await call.WriteAsync("{");
            }
        }

        if (isStream)
        {
            await calls[0].WriteEventAsync(BridgeHost.Chunk("x"));
            await client.ReadUntilAsync(BridgeHost.LegacyChunk("x"));
        }
    }
}
