using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway.Tests.Forwarding;

/// <summary>Bodies as they come to a real server: whole with the head of their request, or in pieces, or not at all.</summary>
public sealed class RequestArrivalTests
{
    private const int MaxBuffered = 100_000;
    private const string Prompt = """{"prompt":"abc"}""";

    private readonly TaskCompletionSource _looked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task A_body_that_came_whole_is_taken_at_once_and_the_next_request_is_read_behind_it()
    {
        await using var server = await StartAsync();
        await using var client = server.Connect();

        await client.SendAsync(Request.Post(Prompt) + Request.Post("second"));

        (await client.ReadAnswerAsync()).Text.ShouldBe($"at once: {Prompt}");
        (await client.ReadAnswerAsync()).Text.ShouldBe("at once: second");
    }

    [Fact]
    public async Task A_body_that_came_in_part_loses_nothing()
    {
        await using var server = await StartAsync();
        await using var client = server.Connect();

        await client.SendAsync(Request.Head("Content-Length: 10") + "01234");
        await _looked.Task.SoonAsync();
        await client.SendAsync("56789" + Request.Post("second"));

        (await client.ReadAnswerAsync()).Text.ShouldBe("waited: 0123456789");
        (await client.ReadAnswerAsync()).Text.ShouldBe("at once: second");
    }

    [Fact]
    public async Task A_body_that_came_in_part_and_is_as_long_as_what_is_held_is_whole()
    {
        await using var server = await StartAsync(maxBuffered: 10);
        await using var client = server.Connect();

        await client.SendAsync(Request.Head("Content-Length: 10") + "01234");
        await _looked.Task.SoonAsync();
        await client.SendAsync("56789");

        (await client.ReadAnswerAsync()).Text.ShouldBe("waited: 0123456789");
    }

    [Fact]
    public async Task A_client_that_waits_to_be_asked_for_its_body_is_asked()
    {
        await using var server = await StartAsync();
        await using var client = server.Connect();

        await client.SendAsync(Request.Head("Content-Length: 5", "Expect: 100-continue"));
        (await client.ReadUntilAsync("\r\n\r\n")).ShouldStartWith("HTTP/1.1 100 ");
        await client.SendAsync("01234");

        (await client.ReadAnswerAsync()).Text.ShouldBe("waited: 01234");
    }

    [Theory]
    [InlineData("Content-Length: 0", "")]
    [InlineData("Transfer-Encoding: chunked", "5\r\n01234\r\n0\r\n\r\n")]
    public async Task A_body_without_a_length_is_not_taken_at_once(string header, string body)
    {
        await using var server = await StartAsync();
        await using var client = server.Connect();

        await client.SendAsync(Request.Head(header) + body);

        (await client.ReadAnswerAsync()).Text.ShouldBe(body.Length == 0 ? "waited: " : "waited: 01234");
    }

    [Fact]
    public async Task A_body_over_what_is_held_is_not_taken_at_once()
    {
        await using var server = await StartAsync(maxBuffered: Prompt.Length - 1);
        await using var client = server.Connect();

        await client.SendAsync(Request.Post(Prompt));

        (await client.ReadAnswerAsync()).Text.ShouldBe($"waited: {Prompt[..^1]} and more");
    }

    [Fact]
    public async Task A_body_over_the_limit_of_the_server_is_refused_though_it_is_there()
    {
        await using var server = await StartAsync(maxOfServer: Prompt.Length - 1);
        await using var client = server.Connect();

        await client.SendAsync(Request.Post(Prompt));

        (await client.ReadAnswerAsync()).Status.ShouldBe(413);
    }

    [Fact]
    public async Task A_body_that_a_middleware_put_in_its_place_is_read_instead_of_what_came()
    {
        await using var server = await StartAsync(before: request => request.Body = new MemoryStream("unpacked"u8.ToArray()));
        await using var client = server.Connect();

        await client.SendAsync(Request.Post("packed"));

        (await client.ReadAnswerAsync()).Text.ShouldBe("waited: unpacked");
    }

    [Fact]
    public async Task Of_a_body_that_a_middleware_has_read_nothing_is_left()
    {
        await using var server = await StartAsync(beforeAsync: async request =>
        {
            using var reader = new StreamReader(request.Body, leaveOpen: true);
            await reader.ReadToEndAsync();
        });
        await using var client = server.Connect();

        await client.SendAsync(Request.Post(Prompt) + Request.Post("second"));

        (await client.ReadAnswerAsync()).Text.ShouldBe("waited: ");
        (await client.ReadAnswerAsync()).Text.ShouldBe("waited: ");
    }

    [Fact]
    public async Task A_body_that_a_middleware_has_looked_at_is_whole()
    {
        await using var server = await StartAsync(beforeAsync: async request =>
        {
            var read = await request.BodyReader.ReadAsync();
            request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        });
        await using var client = server.Connect();

        await client.SendAsync(Request.Post(Prompt));

        (await client.ReadAnswerAsync()).Text.ShouldEndWith($": {Prompt}");
    }

    [Fact]
    public async Task A_copy_that_begins_after_the_end_of_its_request_takes_nothing_from_the_server()
    {
        var left = "";
        await using var server = await InMemoryKestrel.StartAsync(app => app.Run(async context =>
        {
            using var body = await RequestBody.ReadAsync(context.Request, 5, null, CancellationToken.None);
            await body.EndCopyAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => body.CopyToAsync(Stream.Null, CancellationToken.None));
            using var rest = new StreamReader(context.Request.Body);
            left = await rest.ReadToEndAsync();
        }));
        await using var client = server.Connect();

        await client.SendAsync(Request.Post("0123456789"));

        (await client.ReadAnswerAsync()).Status.ShouldBe(200);
        left.ShouldBe("56789");
    }

    [Fact]
    public async Task A_read_that_is_given_up_is_no_end_of_the_body()
    {
        var pipe = new Pipe();
        var body = new ServerBodyStream(pipe.Reader);
        using var givenUp = new CancellationTokenSource();
        var buffer = new byte[10];

        var reading = body.ReadAsync(buffer, givenUp.Token);
        await givenUp.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => reading.AsTask());
        await pipe.Writer.WriteAsync("later"u8.ToArray());

        (await body.ReadAsync(buffer, CancellationToken.None)).ShouldBe(5);
    }

    private Task<InMemoryKestrel> StartAsync(
        int maxBuffered = MaxBuffered, long? maxOfServer = null, Action<HttpRequest>? before = null, Func<HttpRequest, Task>? beforeAsync = null) =>
        InMemoryKestrel.StartAsync(app => app.Run(async context =>
        {
            context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = maxOfServer;
            before?.Invoke(context.Request);
            await (beforeAsync?.Invoke(context.Request) ?? Task.CompletedTask);
            var here = RequestBody.TryRead(context.Request, maxBuffered);
            _looked.TrySetResult();
            using var body = here ?? await RequestBody.ReadAsync(context.Request, maxBuffered, null, context.RequestAborted);
            await context.Response.WriteAsync(
                (here is null ? "waited: " : "at once: ") + Encoding.UTF8.GetString(body.Memory.Span) + (body.IsComplete ? "" : " and more"));
        }));
}
