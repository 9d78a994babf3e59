using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway.Tests.Forwarding;

/// <summary>Clients that speak HTTP/2 (with prior knowledge, as there is no TLS here).</summary>
public sealed class Http2Tests
{
    [Fact]
    public async Task A_request_and_its_answer_pass_byte_by_byte()
    {
        await using var upstream = ScriptedUpstream.Start(connection =>
            connection.WriteJsonAsync(connection.Request.Text, 200, ("X-Request-Id", "r1"), ("Connection", "keep-alive"), ("Keep-Alive", "timeout=5")));
        await using var gateway = await StartAsync(upstream);

        using var answer = await gateway.Client.PostAsync("/v1/completions?a=1", new StringContent(Request.Json));

        answer.Version.ShouldBe(HttpVersion.Version20);
        (await answer.Content.ReadAsStringAsync()).ShouldBe(Request.Json);
        answer.Headers.GetValues("X-Request-Id").ShouldBe(["r1"]);
        var request = upstream.Requests.ShouldHaveSingleItem();
        (request.Target, request.Text, request.Headers["Host"]).ShouldBe(("/v1/completions?a=1", Request.Json, upstream.Address.Authority));
        request.Headers.Names.ShouldAllBe(name => !name.StartsWith(':'));
    }

    [Fact]
    public async Task An_upload_without_length_is_streamed()
    {
        var bytes = new byte[3_000_000];
        Random.Shared.NextBytes(bytes);
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await StartAsync(upstream);

        using var answer = await gateway.Client.PostAsync("/v1/files", new StreamContent(new UnseekableStream(bytes)));

        upstream.Requests.ShouldHaveSingleItem().Body.AsSpan().SequenceEqual(bytes).ShouldBeTrue();
    }

    [Fact]
    public async Task Each_event_reaches_the_client_before_the_next_one_is_sent()
    {
        await using var upstream = ScriptedUpstream.Start();
        await using var gateway = await StartAsync(upstream);
        var pending = gateway.Client.GetAsync("/v1/stream", HttpCompletionOption.ResponseHeadersRead);
        var connection = await upstream.NextRequestAsync();
        await connection.StartSseAsync();
        using var answer = await pending.SoonAsync();
        using var events = new StreamReader(await answer.Content.ReadAsStreamAsync());

        for (var number = 0; number < 50; number++)
        {
            await connection.WriteEventAsync($"{number}");
            (await events.ReadLineAsync().SoonAsync()).ShouldBe($"data: {number}");
            (await events.ReadLineAsync().SoonAsync()).ShouldBe("");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_answer_that_breaks_off_is_reset(bool isStream)
    {
        await using var upstream = ScriptedUpstream.Start(async connection =>
        {
            await connection.WriteHeadAsync(200, ("Content-Type", isStream ? "text/event-stream" : "application/json"), ("Transfer-Encoding", "chunked"));
            await connection.WriteChunkAsync("data: 1\n\n");
            connection.Close();
        });
        await using var gateway = await StartAsync(upstream);

        await Should.ThrowAsync<HttpRequestException>(() => gateway.Client.GetStringAsync("/v1/stream"));
    }

    [Fact]
    public async Task A_client_that_cancels_releases_the_upstream()
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.HangAsync());
        await using var gateway = await StartAsync(upstream);
        using var cancel = new CancellationTokenSource();
        var pending = gateway.Client.PostAsync("/v1/completions", new StringContent(Request.Json), cancel.Token);
        var connection = await upstream.NextRequestAsync();

        await cancel.CancelAsync();

        await connection.PeerClosed.SoonAsync();
        await ShouldBeQuietAsync(gateway, pending);
    }

    [Fact]
    public async Task A_client_that_cancels_its_upload_releases_the_upstream_and_does_not_blame_it()
    {
        await using var upstream = RawUpstream.Start();
        await using var gateway = await GatewayHost.StartOnSocketAsync(
            options => options.AddNode(upstream.Address).MaxBufferedBody = 1_000, protocols: HttpProtocols.Http2);
        using var cancel = new CancellationTokenSource();
        using var content = new StreamContent(new UnseekableStream(new byte[100_000], endless: true));
        var pending = gateway.Client.PostAsync("/v1/completions", content, cancel.Token);
        var closed = await upstream.NextAsync();

        await cancel.CancelAsync();

        await closed.SoonAsync();
        await ShouldBeQuietAsync(gateway, pending);
    }

    private static async Task ShouldBeQuietAsync(GatewayHost gateway, Task pending)
    {
        await Should.ThrowAsync<OperationCanceledException>(() => pending);
        await gateway.WhenClientGoneAsync();
        gateway.Logs.Entries.Where(entry => entry.Level >= LogLevel.Warning).ShouldBeEmpty();
    }

    private static Task<GatewayHost> StartAsync(ScriptedUpstream upstream) =>
        GatewayHost.StartOnSocketAsync(options => options.To(upstream), protocols: HttpProtocols.Http2);
}
