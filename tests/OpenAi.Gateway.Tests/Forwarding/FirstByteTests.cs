using System.Diagnostics;

namespace OpenAi.Gateway.Tests.Forwarding;

[Collection(Timing.Name)]
public sealed class FirstByteTests
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(20);

    [Fact]
    public async Task The_first_event_is_with_the_client_at_once()
    {
        await using var upstream = ScriptedUpstream.Start();
        await using var gateway = await GatewayHost.StartOnSocketAsync(options => options.To(upstream));

        await Timing.ShouldHappenWithinAsync(AtOnce, async () =>
        {
            await using var client = await gateway.ConnectAsync();
            await client.SendAsync(Request.Post());
            var connection = await upstream.NextRequestAsync();
            await connection.StartSseAsync();
            await client.ReadUntilAsync("\r\n\r\n");
            var sent = Stopwatch.GetTimestamp();
            await connection.WriteEventAsync("first");
            await client.ReadUntilAsync("data: first\n\n");
            return sent;
        });
    }

    [Fact]
    public async Task The_headers_of_a_stream_are_with_the_client_at_once()
    {
        await using var upstream = ScriptedUpstream.Start();
        await using var gateway = await GatewayHost.StartOnSocketAsync(options => options.To(upstream));

        await Timing.ShouldHappenWithinAsync(AtOnce, async () =>
        {
            await using var client = await gateway.ConnectAsync();
            await client.SendAsync(Request.Post());
            var connection = await upstream.NextRequestAsync();
            var sent = Stopwatch.GetTimestamp();
            await connection.StartSseAsync();
            await client.ReadUntilAsync("\r\n\r\n");
            return sent;
        });
    }

    [Fact]
    public async Task The_request_is_with_the_upstream_at_once()
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartOnSocketAsync(options => options.To(upstream));

        await Timing.ShouldHappenWithinAsync(AtOnce, async () =>
        {
            await using var client = await gateway.ConnectAsync();
            var sent = Stopwatch.GetTimestamp();
            await client.SendAsync(Request.Post());
            await upstream.NextRequestAsync();
            return sent;
        });
    }
}
