using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway.FunctionalTests.Testing;

public sealed class InMemoryKestrelTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: gateway\r\n\r\n";
    private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task Serves_an_http_client_with_the_address_it_comes_from()
    {
        await using var server = await InMemoryKestrel.StartAsync(app =>
            app.MapPost("/echo", async (HttpRequest request, HttpContext context) =>
                $"{context.Connection.RemoteIpAddress} {await new StreamReader(request.Body).ReadToEndAsync()}"));
        using var client = server.CreateClient(IPAddress.Parse("203.0.113.7"));

        foreach (var text in new[] { "first", "second" })
        {
            using var answer = await client.PostAsync("/echo", new StringContent(text));

            (await answer.Content.ReadAsStringAsync()).ShouldBe($"203.0.113.7 {text}");
        }
    }

    [Fact]
    public async Task Shows_the_framing_and_keeps_the_connection()
    {
        await using var server = await InMemoryKestrel.StartAsync(app => app.MapGet("/", async (HttpResponse response) =>
        {
            await response.WriteAsync("one");
            await response.WriteAsync("two");
        }));
        await using var client = server.Connect();

        await client.SendAsync(Get[..9]);
        await client.SendAsync(Get[9..]);
        var first = await client.ReadAnswerAsync();
        await client.SendAsync(Get);
        var second = await client.ReadAnswerAsync();

        first.End.ShouldBe(RawEnd.Complete);
        first.RawText.ShouldEndWith("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
        (second.Status, second.Text).ShouldBe((200, "onetwo"));
    }

    [Fact]
    public async Task What_is_flushed_arrives_before_the_answer_ends()
    {
        await using var server = await InMemoryKestrel.StartAsync(app => app.MapGet("/", async (HttpResponse response) =>
        {
            await response.WriteAsync("now");
            await response.Body.FlushAsync();
            await _goOn.Task;
            await response.WriteAsync("later");
        }));
        await using var client = server.Connect();

        await client.SendAsync(Get);

        (await client.ReadUntilAsync("now")).ShouldStartWith("HTTP/1.1 200 OK\r\n");
        _goOn.SetResult();
        (await client.ReadUntilAsync("0\r\n\r\n")).ShouldBe("\r\n5\r\nlater\r\n0\r\n\r\n");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_leaves_aborts_the_request(bool withReset)
    {
        await using var server = await StartHangingAsync();
        var client = server.Connect();
        await client.SendAsync(Get);
        await client.ReadUntilAsync("begun");

        await (withReset ? ResetAsync(client) : client.DisposeAsync());

        await _aborted.Task.SoonAsync();
    }

    [Fact]
    public async Task An_http_client_that_cancels_aborts_the_request()
    {
        await using var server = await StartHangingAsync();
        using var client = server.CreateClient();

        using (await client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead))
        {
            _aborted.Task.IsCompleted.ShouldBeFalse();
        }

        await _aborted.Task.SoonAsync();
    }

    [Fact]
    public async Task A_server_can_stop_while_a_request_hangs()
    {
        var server = await StartHangingAsync();
        await using var client = server.Connect();
        await client.SendAsync(Get);
        await client.ReadUntilAsync("begun");

        await server.DisposeAsync();

        await _aborted.Task.SoonAsync();
        Should.Throw<IOException>(() => server.Connect());
    }

    [Fact]
    public async Task An_aborted_answer_is_a_reset_after_what_was_sent()
    {
        await using var server = await StartAbortingAsync(context => context.Abort());
        await using var client = server.Connect();

        await client.SendAsync(Get);
        var answer = await client.ReadAnswerAsync();

        (answer.Status, answer.Text, answer.End).ShouldBe((200, "half", RawEnd.Reset));
    }

    [Fact]
    public async Task An_answer_that_fails_half_way_has_no_clean_end()
    {
        await using var server = await StartAbortingAsync(_ => throw new InvalidOperationException("Failed half way."));
        await using var client = server.Connect();

        await client.SendAsync(Get);
        var answer = await client.ReadAnswerAsync();

        (answer.Status, answer.Text).ShouldBe((200, "half"));
        answer.End.ShouldNotBe(RawEnd.Complete);
        var logged = await server.Logs.WhenLoggedAsync(entry => entry.Exception is InvalidOperationException);
        logged.ToString().ShouldContain("Failed half way.");
    }

    [Fact]
    public async Task A_client_that_does_not_read_holds_the_server_back()
    {
        const int Size = 1_000_000;
        var sent = 0;
        await using var server = await InMemoryKestrel.StartAsync(app => app.MapGet("/", async (HttpResponse response) =>
        {
            for (; sent < Size; sent += 1_000)
            {
                await response.Body.WriteAsync(new byte[1_000]);
                await response.Body.FlushAsync();
            }
        }));
        await using var client = server.Connect();

        await client.SendAsync(Get);
        await client.ReadUntilAsync("\r\n\r\n");

        sent.ShouldBeLessThan(Size / 2);
        (await client.ReadUntilAsync("0\r\n\r\n")).Length.ShouldBeGreaterThan(Size);
    }

    [Fact]
    public async Task A_thousand_parallel_requests_are_served()
    {
        var reached = 0;
        await using var server = await InMemoryKestrel.StartAsync(app => app.MapGet("/{number}", async (string number) =>
        {
            if (Interlocked.Increment(ref reached) == 1_000)
            {
                _goOn.SetResult();
            }

            await _goOn.Task;
            return number;
        }));
        using var client = server.CreateClient();

        var answers = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(number => client.GetStringAsync($"/{number}")));

        answers.ShouldBe(Enumerable.Range(0, 1_000).Select(number => $"{number}"));
    }

    private static ValueTask ResetAsync(RawHttp client)
    {
        client.Reset();
        return ValueTask.CompletedTask;
    }

    private static Task<InMemoryKestrel> StartAbortingAsync(Action<HttpContext> abort) =>
        InMemoryKestrel.StartAsync(app => app.MapGet("/", async (HttpContext context) =>
        {
            await context.Response.WriteAsync("half");
            await context.Response.Body.FlushAsync();
            abort(context);
        }));

    private Task<InMemoryKestrel> StartHangingAsync() =>
        InMemoryKestrel.StartAsync(app => app.MapGet("/", async (HttpContext context) =>
        {
            await context.Response.WriteAsync("begun");
            await context.Response.Body.FlushAsync();
            context.RequestAborted.Register(_aborted.SetResult);
            await _aborted.Task;
        }));
}
