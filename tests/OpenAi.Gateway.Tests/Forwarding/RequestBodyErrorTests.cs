using System.Globalization;

namespace OpenAi.Gateway.Tests.Forwarding;

public sealed class RequestBodyErrorTests
{
    private const string LargeChunk = "a large chunk";
    private static readonly string Chunk = new('x', 1_000);

    [Fact]
    public async Task A_length_over_the_limit_is_refused_before_the_body_is_read()
    {
        await using var upstream = ScriptedUpstream.Start();
        await using var gateway = await StartAsync(upstream);

        var answer = await gateway.SendAsync(Request.Head("Content-Length: 5001"));

        answer.ShouldBeError(413, "request_too_large");
        upstream.Requests.ShouldBeEmpty();
    }

    [Fact]
    public Task A_client_that_is_still_sending_what_is_too_long_reads_the_refusal() =>
        ShouldReadTheRefusalAsync(Request.Head("Content-Length: 6000"), new string('x', 6_000));

    [Theory]
    [InlineData(1 << 20)]
    [InlineData(2_500)]
    [InlineData(0)]
    public async Task A_chunked_body_over_the_limit_is_refused_and_the_node_not_blamed(int maxBuffered)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await StartAsync(upstream, options =>
        {
            options.MaxBufferedBody = maxBuffered;
            options.Retries = 3;
        });

        var answer = await gateway.SendAsync(Request.Head("Transfer-Encoding: chunked") + Chunks(6) + "0\r\n\r\n");

        answer.ShouldBeError(413, "request_too_large");
        upstream.Requests.ShouldBeEmpty();
        gateway.Logs.Entries.ShouldNotContain(entry => entry.EventId.Id == 1201, "the node did nothing wrong");
    }

    [Theory]
    [InlineData(1 << 20)]
    [InlineData(2_500)]
    [InlineData(0)]
    public Task A_client_that_is_still_sending_chunks_beyond_the_limit_reads_the_refusal(int maxBuffered) => ShouldReadTheRefusalAsync(
        Request.Head("Transfer-Encoding: chunked") + Chunks(6), Chunks(6) + "0\r\n\r\n", options => options.MaxBufferedBody = maxBuffered);

    [Theory]
    [InlineData(1 << 20)]
    [InlineData(2_500)]
    [InlineData(0)]
    public async Task Chunks_up_to_the_limit_pass(int maxBuffered)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await StartAsync(upstream, options => options.MaxBufferedBody = maxBuffered);

        var answer = await gateway.SendAsync(Request.Head("Transfer-Encoding: chunked") + Chunks(5) + "0\r\n\r\n");

        (answer.Status, upstream.Requests.ShouldHaveSingleItem().Text.Length).ShouldBe((200, 5_000));
    }

    [Theory]
    [InlineData(1 << 20)]
    [InlineData(500)]
    public async Task A_malformed_chunked_body_is_answered_400(int maxBuffered)
    {
        await using var upstream = ScriptedUpstream.Start();
        await using var gateway = await StartAsync(upstream, options => options.MaxBufferedBody = maxBuffered);

        var answer = await gateway.SendAsync(Request.Head("Transfer-Encoding: chunked") + $"3e8\r\n{Chunk}\r\nxyz\r\n");

        answer.ShouldBeError(400, "invalid_request_body");
        gateway.Logs.Entries.ShouldNotContain(entry => entry.EventId.Id == 1201, "the node did nothing wrong");
    }

    [Theory]
    [InlineData("xyz\r\n", 400, "invalid_request_body")]
    [InlineData(LargeChunk, 413, "request_too_large")]
    public async Task What_shows_while_the_body_is_on_its_way_is_answered_as_well(string next, int status, string code)
    {
        await using var upstream = RawUpstream.Start();
        await using var gateway = await GatewayHost.StartAsync(
            options => options.AddNode(upstream.Address).MaxBufferedBody = 500, route => route.WithMaxRequestBodySize(100_000));
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Head("Transfer-Encoding: chunked") + Large());
        await upstream.NextAsync();

        await client.SendAsync(next == LargeChunk ? Large() : next);

        (await client.ReadAnswerAsync()).ShouldBeError(status, code);
        gateway.Logs.Entries.ShouldNotContain(entry => entry.EventId.Id == 1201, "the node did nothing wrong");

        static string Large() => $"ea60\r\n{new string('x', 60_000)}\r\n";
    }

    [Theory]
    [InlineData(4_999)]
    [InlineData(5_000)]
    public async Task A_body_up_to_the_limit_passes(int length)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await StartAsync(upstream);

        var answer = await gateway.SendAsync(Request.Post(new string('x', length)));

        (answer.Status, upstream.Requests[0].Headers["Content-Length"]).ShouldBe((200, length.ToString(CultureInfo.InvariantCulture)));
    }

    private static string Chunks(int count) => string.Concat(Enumerable.Repeat($"3e8\r\n{Chunk}\r\n", count));

    // The connection goes on behind it.
    private static async Task ShouldReadTheRefusalAsync(string begun, string rest, Action<OpenAiUpstreamOptions>? configure = null)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await StartAsync(upstream, configure);
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(begun);
        (await client.ReadAnswerAsync()).ShouldBeError(413, "request_too_large");

        await client.SendAsync(rest + Request.Post("{}"));

        (await client.ReadAnswerAsync()).Status.ShouldBe(200);
        upstream.Requests.Count.ShouldBe(1);
    }

    private static Task<GatewayHost> StartAsync(ScriptedUpstream upstream, Action<OpenAiUpstreamOptions>? configure = null) =>
        GatewayHost.StartAsync(upstream, configure, route => route.WithMaxRequestBodySize(5_000));
}
