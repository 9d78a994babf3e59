using System.Net.Sockets;

namespace OpenAi.Gateway.Tests.Forwarding;

public sealed class UpstreamErrorTests
{
    [Theory]
    [InlineData("http://127.0.0.1:1", "upstream_connect_error")]
    [InlineData("https://127.0.0.1:1", "upstream_connect_error")]
    [InlineData("http://nosuch.invalid", "upstream_dns_error")]
    public async Task A_node_that_cannot_be_reached_is_answered_502(string node, string code)
    {
        await using var gateway = await GatewayHost.StartAsync(options => options.AddNode(node));

        (await gateway.SendAsync(Request.Post())).ShouldBeError(502, code);

        gateway.Logs.Mentioning(GatewayHost.Key).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_node_that_does_not_speak_TLS_is_answered_502()
    {
        await using var upstream = ScriptedUpstream.Start();
        await using var plain = await GatewayHost.StartOnSocketAsync(options => options.To(upstream));
        await using var gateway = await GatewayHost.StartAsync(options =>
            options.AddNode("https://127.0.0.1:" + plain.Client.BaseAddress!.Port));

        (await gateway.SendAsync(Request.Post())).ShouldBeError(502, "upstream_tls_error");
    }

    [Fact]
    public async Task A_connection_that_takes_too_long_is_answered_504()
    {
        await using var gateway = await GatewayHost.StartAsync(options =>
        {
            options.AddNode("http://127.0.0.1:1").ConnectTimeout = TimeSpan.FromMilliseconds(50);
            options.ConfigureHandler(handler => handler.ConnectCallback = async (_, token) =>
            {
                await new TaskCompletionSource().Task.WaitAsync(token);
                return new NetworkStream(new Socket(SocketType.Stream, ProtocolType.Tcp));
            });
        });

        (await gateway.SendAsync(Request.Post())).ShouldBeError(504, "upstream_timeout");
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData("HTTP/1.1\r\n\r\n")]
    [InlineData("HTTP/1.1 abc Bad\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\n{}")]
    [InlineData("HTTP/1.1 205 Reset Content\r\nContent-Length: 2\r\n\r\n{}")]
    [InlineData("HTTP/1.1 205 Reset Content\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")]
    [InlineData("\0\u0001\u0002\u0003")]
    public async Task An_answer_that_is_not_HTTP_is_answered_502(string raw)
    {
        await using var upstream = ScriptedUpstream.Start(async connection =>
        {
            await connection.WriteAsync(raw);
            connection.Close();
        });
        await using var gateway = await GatewayHost.StartAsync(upstream);

        (await gateway.SendAsync(Request.Post())).ShouldBeError(502, "upstream_broken");
    }

    [Fact]
    public async Task A_header_without_end_is_answered_502()
    {
        await using var upstream = ScriptedUpstream.Start(async connection =>
        {
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nX-Huge: ");
            for (var size = 0; size < 1_000; size++)
            {
                await connection.WriteAsync(new string('x', 1_000));
            }
        });
        await using var gateway = await GatewayHost.StartAsync(upstream);

        (await gateway.SendAsync(Request.Post())).ShouldBeError(502, "upstream_broken");
    }

    [Fact]
    public async Task A_reset_in_place_of_an_answer_is_answered_502()
    {
        await using var upstream = ScriptedUpstream.Start(connection =>
        {
            connection.Reset();
            return Task.CompletedTask;
        });
        await using var gateway = await GatewayHost.StartAsync(upstream);

        (await gateway.SendAsync(Request.Post())).ShouldBeError(502, "upstream_broken");
    }

    [Fact]
    public async Task An_upstream_whose_weights_are_all_0_is_answered_503()
    {
        await using var gateway = await GatewayHost.StartAsync(options =>
            options.AddNode("http://127.0.0.1:1", weight: 0).Cooldown = TimeSpan.FromSeconds(7.2));

        var answer = await gateway.SendAsync(Request.Post());

        answer.ShouldBeError(503, "no_available_upstream");
        answer.Headers["Retry-After"].ShouldBe("8");
    }

    [Fact]
    public async Task An_error_to_HEAD_has_its_length_and_no_body()
    {
        await using var gateway = await GatewayHost.StartAsync(options => options.AddNode("http://127.0.0.1:1"));

        var answer = await gateway.SendAsync(Request.Of("HEAD", "/v1/models", null));

        (answer.Status, answer.Text, answer.End).ShouldBe((502, "", RawEnd.Complete));
    }
}
