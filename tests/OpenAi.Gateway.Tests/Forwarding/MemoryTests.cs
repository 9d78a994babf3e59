namespace OpenAi.Gateway.Tests.Forwarding;

[Collection(Timing.Name)]
public sealed class MemoryTests
{
    private const int Block = 1 << 20;
    private const int Blocks = 256;

    [Theory]
    [InlineData("application/octet-stream")]
    [InlineData("text/event-stream")]
    public async Task A_large_answer_passes_without_being_held(string type)
    {
        var block = new byte[Block];
        await using var upstream = ScriptedUpstream.Start(async connection =>
        {
            await connection.WriteHeadAsync(200, ("Content-Type", type), ("Content-Length", $"{(long)Block * Blocks}"));
            for (var number = 0; number < Blocks; number++)
            {
                await connection.WriteAsync(block);
            }
        });
        await using var gateway = await GatewayHost.StartOnSocketAsync(options => options.To(upstream));
        using var answer = await gateway.Client.GetAsync("/v1/files/content", HttpCompletionOption.ResponseHeadersRead);
        await using var body = await answer.Content.ReadAsStreamAsync();

        // Held to its end by nobody: what is alive in the midst is no more than at the beginning.
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await ReadAsync(body, (long)Block * Blocks / 2);
        var midst = GC.GetTotalMemory(forceFullCollection: true);
        await ReadAsync(body, (long)Block * Blocks / 2);

        (midst - before).ShouldBeLessThan(16 * Block);
        (await body.ReadAsync(new byte[1])).ShouldBe(0);
    }

    [Fact]
    public async Task A_body_that_was_only_announced_takes_no_memory()
    {
        const int Clients = 64;
        await using var upstream = ScriptedUpstream.Start();
        await using var gateway = await GatewayHost.StartAsync(upstream);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var clients = new List<RawHttp>();
        for (var number = 0; number < Clients; number++)
        {
            clients.Add(await gateway.ConnectAsync());
            await clients[^1].SendAsync($"POST /v1/x HTTP/1.1\r\nHost: h\r\nContent-Length: {Block}\r\nExpect: 100-continue\r\n\r\n");
            await clients[^1].ReadUntilAsync("100 Continue"); // It is awaited.
        }

        (GC.GetTotalMemory(forceFullCollection: true) - before).ShouldBeLessThan(16 * Block);
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    private static async Task ReadAsync(Stream body, long count)
    {
        var buffer = new byte[64 * 1024];
        while (count > 0)
        {
            var read = await body.ReadAsync(buffer.AsMemory(0, (int)Math.Min(count, buffer.Length)));
            read.ShouldBeGreaterThan(0);
            count -= read;
        }
    }
}
