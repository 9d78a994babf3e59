using System.Security.Cryptography;
using System.Text;

namespace OpenAi.Gateway.Tests.Forwarding;

public sealed class TransparencyTests
{
    [Theory]
    [InlineData("{\"b\" : 1.0,\n \"a\":\"\\u00e9\", \"a\":2, \"big\":12345678901234567890 }")]
    [InlineData("not JSON at all")]
    [InlineData("{\"cut\":")]
    [InlineData("")]
    public async Task An_answer_is_passed_on_byte_by_byte(string json)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync(json));
        await using var gateway = await GatewayHost.StartAsync(upstream);

        var answer = await gateway.SendAsync(Request.Post());

        (answer.Status, answer.Text, answer.End).ShouldBe((200, json, RawEnd.Complete));
        answer.Headers["Content-Length"].ShouldBe($"{Encoding.UTF8.GetByteCount(json)}");
        answer.Headers["Content-Type"].ShouldBe("application/json");
    }

    [Theory]
    [InlineData("{ \"b\" : 1.0,\n \"a\":\"é\" }\n")]
    [InlineData("\ufeff{}")]
    [InlineData("")]
    public async Task A_request_is_passed_on_byte_by_byte(string json)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(upstream);

        await gateway.SendAsync(Request.Post(json, "Content-Type: application/json; charset=utf-8"));

        var request = upstream.Requests.ShouldHaveSingleItem();
        (request.Method, request.Text).ShouldBe(("POST", json));
        request.Headers["Content-Length"].ShouldBe($"{Encoding.UTF8.GetByteCount(json)}");
        request.Headers["Content-Type"].ShouldBe("application/json; charset=utf-8");
    }

    [Fact]
    public async Task Every_byte_value_passes_in_both_directions()
    {
        var bytes = Enumerable.Range(0, 100_000).Select(number => (byte)number).ToArray();
        await using var upstream = ScriptedUpstream.Start(async connection =>
        {
            await connection.WriteHeadAsync(200, ("Content-Type", "audio/mpeg"), ("Content-Length", $"{connection.Request.Body.Length}"));
            await connection.WriteAsync(connection.Request.Body);
        });
        await using var gateway = await GatewayHost.StartAsync(upstream);

        using var answer = await gateway.Client.PostAsync("/v1/audio/speech", new ByteArrayContent(bytes));

        (await answer.Content.ReadAsByteArrayAsync()).ShouldBe(bytes);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("audio/mpeg");
    }

    [Fact]
    public async Task A_multipart_upload_stays_as_the_client_framed_it()
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(upstream);
        using var form = new MultipartFormDataContent("a-boundary")
        {
            { new StringContent("whisper-1"), "model" },
            { new ByteArrayContent([0, 1, 2, 255, 13, 10]), "file", "speech.mp3" },
        };
        var sent = await form.ReadAsByteArrayAsync();

        using var answer = await gateway.Client.PostAsync("/v1/audio/transcriptions", form);

        var request = upstream.Requests.ShouldHaveSingleItem();
        request.Body.ShouldBe(sent);
        request.Headers["Content-Type"].ShouldBe("multipart/form-data; boundary=\"a-boundary\"");
    }

    [Theory]
    [InlineData(1 << 20)]
    [InlineData(1000)]
    [InlineData(0)]
    public async Task A_chunked_request_arrives_whole_whatever_is_buffered(int maxBuffered)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(upstream, options => options.MaxBufferedBody = maxBuffered);
        var chunk = new string('x', 700);

        var answer = await gateway.SendAsync(
            Request.Head("Transfer-Encoding: chunked") + $"2bc\r\n{chunk}\r\n2bc\r\n{chunk}\r\n3\r\nend\r\n0\r\n\r\n");

        answer.Status.ShouldBe(200);
        upstream.Requests.ShouldHaveSingleItem().Text.ShouldBe(chunk + chunk + "end");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_larger_than_the_buffer_is_streamed_with_its_length_when_that_is_known(bool isLengthKnown)
    {
        var bytes = RandomNumberGenerator.GetBytes(5_000_000);
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(upstream);
        using var message = new HttpRequestMessage(HttpMethod.Post, "/v1/files") { Content = new ByteArrayContent(bytes) };
        message.Headers.TransferEncodingChunked = !isLengthKnown;

        using var answer = await gateway.Client.SendAsync(message);

        ((int)answer.StatusCode).ShouldBe(200);
        var request = upstream.Requests.ShouldHaveSingleItem();
        request.Body.AsSpan().SequenceEqual(bytes).ShouldBeTrue();
        request.Headers["Content-Length"].ShouldBe(isLengthKnown ? "5000000" : null);
    }

    [Theory]
    [InlineData("GET", 1 << 20)]
    [InlineData("GET", 0)]
    [InlineData("DELETE", 0)]
    public async Task A_request_without_a_body_stays_one(string method, int maxBuffered)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(upstream, options => options.MaxBufferedBody = maxBuffered);

        (await gateway.SendAsync(Request.Of(method, "/v1/models", null))).Status.ShouldBe(200);

        var headers = upstream.Requests.ShouldHaveSingleItem().Headers;
        (headers["Content-Length"], headers["Transfer-Encoding"]).ShouldBe((null, null));
    }

    [Theory]
    [InlineData("HEAD", 200, "Content-Length: 42")]
    [InlineData("GET", 304, "ETag: \"a\"")]
    [InlineData("GET", 304, "Content-Length: 42")]
    [InlineData("POST", 204, "X-Empty: yes")]
    [InlineData("POST", 204, "Content-Length: 0")]
    [InlineData("HEAD", 200, "Content-Type: text/event-stream")]
    public async Task An_answer_without_a_body_stays_one(string method, int status, string header)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteAsync($"HTTP/1.1 {status} Scripted\r\n{header}\r\n\r\n"));
        await using var gateway = await GatewayHost.StartAsync(upstream);
        await using var client = await gateway.ConnectAsync();

        foreach (var _ in new[] { 1, 2 })
        {
            await client.SendAsync(Request.Of(method, "/v1/models", method == "POST" ? "" : null));
            var answer = await client.ReadAnswerAsync(toHead: method == "HEAD");

            (answer.Status, answer.Text, answer.End).ShouldBe((status, "", RawEnd.Complete));
            answer.Headers["Content-Length"].ShouldBe(header == "Content-Length: 42" ? "42" : null);
        }

        gateway.Logs.Entries.ShouldNotContain(entry => entry.EventId.Id == 1203, "the answer was not cut off");
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(404)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(529)]
    public async Task An_error_of_the_upstream_is_passed_on_as_it_is(int status)
    {
        const string Error = """{"error": {"message": "Said by the upstream.", "type": "x", "param": null, "code": null}}""";
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync(Error, status));
        await using var gateway = await GatewayHost.StartAsync(upstream);

        var answer = await gateway.SendAsync(Request.Post());

        (answer.Status, answer.Text, answer.End).ShouldBe((status, Error, RawEnd.Complete));
        upstream.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_connection_serves_many_requests_on_both_sides()
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync($"\"{connection.Request.Text}\""));
        await using var gateway = await GatewayHost.StartAsync(upstream);
        await using var client = await gateway.ConnectAsync();

        for (var number = 0; number < 20; number++)
        {
            await client.SendAsync(Request.Post($"{number}"));
            (await client.ReadAnswerAsync()).Text.ShouldBe($"\"{number}\"");
        }

        upstream.Connections.Count.ShouldBe(1);
    }
}
