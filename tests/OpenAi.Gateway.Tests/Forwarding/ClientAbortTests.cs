using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway.Tests.Forwarding;

/// <summary>A client that leaves ends the upstream's call at once, in whatever phase it is.</summary>
[Collection(Timing.Name)]
public sealed class ClientAbortTests
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(50);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task While_the_upstream_thinks(bool withReset) => UpstreamIsReleasedAsync(withReset, (_, _) => Task.CompletedTask);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task While_the_headers_are_here_and_no_byte_of_the_body(bool withReset) => UpstreamIsReleasedAsync(
        withReset, (connection, _) => connection.WriteHeadAsync(200, ("Content-Length", "100")));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task Within_a_JSON_answer(bool withReset) => UpstreamIsReleasedAsync(withReset, async (connection, client) =>
    {
        await connection.WriteHeadAsync(200, ("Content-Length", "100"));
        await connection.WriteAsync("{\"half\":");
        await client.ReadUntilAsync("{\"half\":");
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task Within_an_event_stream(bool withReset) => UpstreamIsReleasedAsync(withReset, async (connection, client) =>
    {
        await connection.StartSseAsync();
        await connection.WriteEventAsync("1");
        await client.ReadUntilAsync("data: 1\n\n");
    });

    [Fact]
    public Task While_the_client_does_not_read() => UpstreamIsReleasedAsync(true, async (connection, _) =>
    {
        await connection.WriteHeadAsync(200, ("Content-Length", "1000000000"));
        await WriteUntilHeldBackAsync(connection);
    });

    [Fact]
    public async Task While_the_client_still_uploads()
    {
        await using var upstream = RawUpstream.Start();
        await using var gateway = await GatewayHost.StartOnSocketAsync(options => options.AddNode(upstream.Address).MaxBufferedBody = 1_000);

        await Timing.ShouldHappenWithinAsync(AtOnce, async () =>
        {
            await using var client = await gateway.ConnectAsync();
            await client.SendAsync(Request.Head("Content-Length: 1000000") + new string('x', 100_000));
            var closed = await upstream.NextAsync();
            var left = Stopwatch.GetTimestamp();
            client.Reset();
            await closed.SoonAsync("the end of the upstream's connection");
            return left;
        });

        await ShouldBeQuietAsync(gateway);
        gateway.Logs.Entries.ShouldNotContain(entry => entry.EventId.Id == 1201, "the node did nothing wrong");
    }

    [Fact]
    public async Task While_the_request_is_still_read()
    {
        await using var upstream = ScriptedUpstream.Start();
        await using var gateway = await GatewayHost.StartOnSocketAsync(options => options.To(upstream));
        for (var number = 0; number < 10; number++)
        {
            await using var client = await gateway.ConnectAsync();
            await client.SendAsync(Request.Head("Content-Length: 1000", "Expect: 100-continue"));
            await client.ReadUntilAsync("100 Continue\r\n\r\n"); // sent when the body is read
            await client.SendAsync("{");
            if (number % 2 == 0)
            {
                client.Reset();
            }
        }

        await gateway.Logs.WhenLoggedAsync(_ => gateway.Logs.Entries.Count(entry => entry.Message.StartsWith("Request finished", StringComparison.Ordinal)) == 10);
        gateway.Logs.Entries.Where(entry => entry.Level >= LogLevel.Warning).ShouldBeEmpty();
        upstream.Connections.ShouldBeEmpty();
    }

    [Fact]
    public async Task While_the_gateway_waits_to_try_again()
    {
        var time = new ManualTimeProvider();
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", 503, ("Retry-After", "3")));
        await using var gateway = await GatewayHost.StartOnSocketAsync(options => options.To(upstream).Retries = 2, time: time);
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());
        await time.WhenDueAsync(due => due == TimeSpan.FromSeconds(3));

        client.Reset();

        await ShouldBeQuietAsync(gateway);
        time.Advance(TimeSpan.FromMinutes(1));
        upstream.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task While_the_upstream_does_not_accept()
    {
        var gaveUp = new TaskCompletionSource();
        await using var gateway = await GatewayHost.StartOnSocketAsync(options => options.AddNode("http://127.0.0.1:1").ConfigureHandler(
            handler => handler.ConnectCallback = async (_, token) =>
            {
                gaveUp.TrySetResult();
                await new TaskCompletionSource<Stream>().Task.WaitAsync(token);
                throw new IOException();
            }));
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());
        await gaveUp.Task.SoonAsync();

        client.Reset();

        await ShouldBeQuietAsync(gateway);
    }

    private static async Task UpstreamIsReleasedAsync(bool withReset, Func<UpstreamConnection, RawHttp, Task> bringIntoPhase)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.HangAsync());
        await using var gateway = await GatewayHost.StartOnSocketAsync(options => options.To(upstream));

        await Timing.ShouldHappenWithinAsync(AtOnce, async () =>
        {
            await using var client = await gateway.ConnectAsync();
            await client.SendAsync(Request.Post());
            var connection = await upstream.NextRequestAsync();
            await bringIntoPhase(connection, client);
            connection.PeerClosed.IsCompleted.ShouldBeFalse();
            var left = Stopwatch.GetTimestamp();
            await LeaveAsync(client, withReset);
            await connection.PeerClosed.SoonAsync();
            return left;
        });

        await ShouldBeQuietAsync(gateway);
    }

    private static async Task LeaveAsync(RawHttp client, bool withReset)
    {
        if (withReset)
        {
            client.Reset();
        }
        else
        {
            await client.DisposeAsync();
        }
    }

    // The client's leaving is told in the log as 499, and nothing is written as a warning or an error.
    private static async Task ShouldBeQuietAsync(GatewayHost gateway)
    {
        (await gateway.WhenClientGoneAsync()).Level.ShouldBe(LogLevel.Debug);
        const int Retrying = 1202;
        gateway.Logs.Entries.Where(entry => entry.Level >= LogLevel.Warning && entry.EventId.Id != Retrying).ShouldBeEmpty();
    }

    private static async Task WriteUntilHeldBackAsync(UpstreamConnection connection)
    {
        var block = new byte[1 << 20];
        while (true)
        {
            var writing = connection.WriteAsync(block);
            using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
            try
            {
                await writing.WaitAsync(stop.Token);
            }
            catch (OperationCanceledException)
            {
                _ = writing.ContinueWith(static written => written.Exception, TaskScheduler.Default);
                return;
            }
        }
    }
}
