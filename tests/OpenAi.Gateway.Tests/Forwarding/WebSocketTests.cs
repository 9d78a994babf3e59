namespace OpenAi.Gateway.Tests.Forwarding;

public sealed class WebSocketTests
{
    [Theory]
    [InlineData("websocket", 501)]
    [InlineData("WebSocket/13", 501)]
    [InlineData("h2c", 200)]
    public async Task A_client_that_asks_for_one_is_told_that_there_is_none(string protocol, int status)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(upstream);

        var answer = await gateway.SendAsync(Request.Get(
            "/v1/realtime?model=m", "Connection: Upgrade", $"Upgrade: {protocol}", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="));

        if (status == 200)
        {
            answer.Status.ShouldBe(200);
        }
        else
        {
            answer.ShouldBeError(status, "websocket_not_supported");
            upstream.Requests.ShouldBeEmpty();
        }
    }
}
