using System.Text.Json;

namespace OpenAi.Gateway.Tests.Forwarding;

public sealed class EventStreamTests
{
    [Fact]
    public async Task Each_event_reaches_the_client_before_the_next_one_is_sent()
    {
        await using var upstream = ScriptedUpstream.Start();
        await using var gateway = await GatewayHost.StartAsync(upstream);
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());
        var connection = await upstream.NextRequestAsync();

        await connection.StartSseAsync();
        (await client.ReadUntilAsync("\r\n\r\n")).ShouldContain("Content-Type: text/event-stream", customMessage: "sent before the first event");
        for (var number = 0; number < 50; number++)
        {
            await connection.WriteEventAsync($"{{\"n\":{number}}}");
            await client.ReadUntilAsync($"data: {{\"n\":{number}}}\n\n");
        }

        await connection.WriteEventAsync("[DONE]");
        await connection.EndChunksAsync();

        (await client.ReadUntilAsync("0\r\n\r\n")).ShouldEndWith("data: [DONE]\n\n\r\n0\r\n\r\n");
    }

    [Fact]
    public async Task Half_an_event_is_passed_on_at_once()
    {
        await using var upstream = ScriptedUpstream.Start();
        await using var gateway = await GatewayHost.StartAsync(upstream);
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());
        var connection = await upstream.NextRequestAsync();
        await connection.StartSseAsync();

        foreach (var piece in new[] { "da", "ta: {\"a\":", "\"é", "\"}", "\n", "\n" })
        {
            await connection.WriteChunkAsync(piece);
            await client.ReadUntilAsync(piece);
        }
    }

    [Theory]
    [InlineData("data: 1\r\n\r\ndata: [DONE]\r\n\r\n")]
    [InlineData("data: 1\n\ndata: [DONE]")]
    [InlineData("data: 1\n\ndata: [DONE]\n")]
    [InlineData(": comment\n\nid: 7\nevent: response.created\nretry: 5\ndata: {}\n\nevent: response.completed\ndata: {}\n\n")]
    [InlineData("\ufeffdata: 1\r\rdata:[DONE]\r\r")]
    [InlineData("data: 1\n\n\n\n:\n\ndata: [DONE]\n\n")]
    public async Task A_stream_that_ends_with_its_framing_is_passed_on_byte_by_byte(string stream)
    {
        await using var upstream = ScriptedUpstream.Start(async connection =>
        {
            await connection.StartSseAsync();
            await connection.WriteChunkAsync(stream);
            await connection.EndChunksAsync();
        });
        await using var gateway = await GatewayHost.StartAsync(upstream);

        var answer = await gateway.SendAsync(Request.Post());

        (answer.Status, answer.Text, answer.End).ShouldBe((200, stream, RawEnd.Complete));
    }

    [Theory]
    [InlineData("text/event-stream")]
    [InlineData("text/event-stream; charset=utf-8")]
    [InlineData("Text/Event-Stream;charset=utf-8")]
    public async Task The_content_type_stays(string type)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteAsync(
            $"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: 14\r\n\r\ndata: [DONE]\n\n"));
        await using var gateway = await GatewayHost.StartAsync(upstream);

        var answer = await gateway.SendAsync(Request.Post());

        (answer.Headers["Content-Type"], answer.Text, answer.End).ShouldBe((type, "data: [DONE]\n\n", RawEnd.Complete));
    }

    [Fact]
    public async Task A_stream_that_ends_with_its_connection_is_whole_with_DONE()
    {
        var answer = await UnframedAsync("data: 1\n\ndata: [DONE]\n\n");

        (answer.Text, answer.End).ShouldBe(("data: 1\n\ndata: [DONE]\n\n", RawEnd.Complete));
    }

    [Fact]
    public async Task A_stream_that_ends_with_its_connection_is_broken_without_DONE()
    {
        var answer = await UnframedAsync("data: 1\n\n");

        answer.Text.ShouldStartWith("data: 1\n\nevent: error\ndata: {\"error_msg\":");
        answer.Text.ShouldEndWith("\"code\":\"upstream_broken\"}}\n\n");
        answer.Text.ShouldNotContain("[DONE]");
        answer.End.ShouldNotBe(RawEnd.Complete);
    }

    [Theory]
    [InlineData("response.completed", true)]
    [InlineData("response.incomplete", true)]
    [InlineData("response.failed", true)]
    [InlineData("error", true)]
    [InlineData("response.output_text.done", false)]
    public async Task A_stream_of_the_responses_api_that_ends_with_its_connection_is_whole_with_its_last_event(string name, bool isWhole)
    {
        var stream = $"event: response.created\ndata: 1\n\nevent: {name}\ndata: 2\n\n";

        var answer = await UnframedAsync(stream, "/v1/responses");

        (answer.Text == stream, answer.End == RawEnd.Complete).ShouldBe((isWhole, isWhole), answer.Text);
    }

    [Theory]
    [InlineData("event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0}\n\ndata: {\"sequence_number\": 41,\"delta\":\"a\"}\n\n", 41)]
    [InlineData("", 0)]
    public async Task A_client_of_the_responses_api_is_told_of_the_break_in_an_event_of_its_own_form(string stream, long number)
    {
        var answer = await UnframedAsync(stream, "/v1/responses");

        answer.Text.ShouldStartWith(stream + "event: error\ndata: {");
        var told = JsonElement.Parse(answer.Text[(answer.Text.LastIndexOf("data: ", StringComparison.Ordinal) + "data: ".Length)..]);
        var error = told.GetProperty("error");
        (told.GetProperty("type").GetString(), error.GetProperty("type").GetString(), told.GetProperty("sequence_number").GetInt64()).ShouldBe(("error", "upstream_error", number));
        told.GetProperty("message").GetString().ShouldBe(error.GetProperty("message").GetString());
        told.GetProperty("code").GetString().ShouldBe("upstream_broken");
        told.GetProperty("param").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task An_unframed_stream_that_ends_within_an_event_is_cut_off()
    {
        var answer = await UnframedAsync("data: 1\n\ndata: {\"half\":");

        answer.Text.ShouldNotContain("event: error");
        answer.End.ShouldNotBe(RawEnd.Complete);
    }

    private static async Task<RawAnswer> UnframedAsync(string stream, string path = "/v1/completions")
    {
        await using var upstream = ScriptedUpstream.Start(async connection =>
        {
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + stream);
            connection.Close();
        });
        await using var gateway = await GatewayHost.StartAsync(upstream);
        return await gateway.SendAsync(Request.Of("POST", path, Request.Json));
    }
}
