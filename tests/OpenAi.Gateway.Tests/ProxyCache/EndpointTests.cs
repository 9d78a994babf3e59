using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway.Tests.ProxyCache;

/// <summary>A cache on the app's ordinary endpoints.</summary>
public class EndpointTests
{
    private static int _count;

    public static TheoryData<string, string> Answers => new()
    {
        { "json", "application/json; charset=utf-8" },
        { "text", "text/plain; charset=utf-8" },
        { "bytes", "application/octet-stream" },
        { "stream", "text/csv" },
        { "file", "text/x-file" },
        { "sendfile", "" },
        { "body", "" },
        { "writer", "" },
        { "large", "application/json; charset=utf-8" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task However_an_endpoint_writes_its_answer_it_is_replayed(string how, string contentType)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "from a file");
        await using var host = await StartAsync(app => app.MapGet("/x", (HttpContext context) => AnswerAsync(context, how, file)).UseProxyCache());

        var replies = new[] { await GetAsync(host), await GetAsync(host) };
        File.Delete(file);

        replies.Select(reply => (reply.Status, reply.Cache)).ShouldBe([(200, "MISS"), (200, "HIT")]);
        replies[1].Text.ShouldBe(replies[0].Text);
        replies[1].Text.ShouldNotBeEmpty();
        replies.ShouldAllBe(reply => (reply["Content-Type"] ?? "") == contentType);
    }

    [Fact]
    public async Task A_group_covers_its_endpoints_and_they_can_read_the_body_after_it_was_hashed()
    {
        await using var host = await StartAsync(app => app.MapGroup("/g").UseProxyCache()
            .MapPost("/x", async (HttpRequest request) => await new StreamReader(request.Body).ReadToEndAsync() + Next()));

        var replies = new[] { await host.AskAsync("a", "/g/x"), await host.AskAsync("b", "/g/x"), await host.AskAsync("a", "/g/x") };

        replies.Select(reply => reply.Cache).ShouldBe(["MISS", "MISS", "HIT"]);
        replies[0].Text.ShouldStartWith("{\"prompt\":\"a\"}");
        replies[1].Text.ShouldStartWith("{\"prompt\":\"b\"}");
        replies[2].Text.ShouldBe(replies[0].Text);
    }

    [Fact]
    public async Task A_body_can_be_bound_and_read_as_a_pipe()
    {
        await using var host = await StartAsync(app =>
        {
            app.MapPost("/bound", (Dictionary<string, string> body) => body["prompt"]).UseProxyCache();
            app.MapPost("/piped", async (HttpRequest request) =>
            {
                var read = await request.BodyReader.ReadAtLeastAsync(14);
                return Encoding.UTF8.GetString(read.Buffer.FirstSpan);
            }).UseProxyCache();
        });

        (await host.AskAsync("a", "/bound")).Text.ShouldBe("a");
        (await host.AskAsync("a", "/piped")).Text.ShouldBe("{\"prompt\":\"a\"}");
    }

    [Fact]
    public async Task Who_reads_the_body_when_the_request_has_ended_gets_no_other_request()
    {
        var ended = new TaskCompletionSource();
        Stream? body = null;
        await using var host = await StartAsync(app =>
        {
            app.Use((context, next) =>
            {
                context.Response.OnCompleted(() => Task.FromResult(ended.TrySetResult())); // The first to ask for it is told last.
                return next(context);
            });
            app.MapPost("/x", (HttpRequest request) =>
            {
                body = request.Body;
                return "";
            }).UseProxyCache();
        });

        await host.AskAsync("a", "/x");
        await ended.Task.SoonAsync();

        await Should.ThrowAsync<ObjectDisposedException>(() => body!.ReadAsync(new byte[64]).AsTask());
    }

    [Fact]
    public async Task A_large_body_reaches_the_endpoint_whole_and_bypasses_the_cache()
    {
        await using var host = await StartAsync(app => app.MapPost("/x", async (HttpRequest request) =>
        {
            using var copy = new MemoryStream();
            await request.Body.CopyToAsync(copy);
            return copy.Length;
        }).UseProxyCache());

        var reply = await host.AskAsync(new string('x', 3 << 20), "/x");

        (reply.Cache, reply.Text).ShouldBe(("BYPASS", $"{(3 << 20) + 13}"));
    }

    [Fact]
    public async Task A_body_over_the_limit_of_the_server_is_refused_in_the_gateways_words()
    {
        await using var host = await StartAsync(app =>
        {
            app.Use((context, next) =>
            {
                context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = 5;
                return next(context);
            });
            app.MapPost("/x", () => "").UseProxyCache();
        });

        var reply = await host.AskAsync("a", "/x");

        reply.Status.ShouldBe(413, reply.Text);
        reply.Text.ShouldContain("request_too_large");
    }

    [Fact]
    public async Task Forms_that_something_else_has_read_are_not_taken_for_one_question()
    {
        await using var host = await StartAsync(app =>
        {
            app.Use(async (context, next) =>
            {
                await context.Request.ReadFormAsync();
                await next(context);
            });
            app.MapPost("/x", (HttpRequest request) => request.Form["q"].ToString()).UseProxyCache();
        });

        foreach (var question in new[] { "a", "b" })
        {
            using var form = new FormUrlEncodedContent([new("q", question)]);
            (await (await host.Client.PostAsync("/x", form)).Content.ReadAsStringAsync()).ShouldBe(question);
        }
    }

    [Fact]
    public async Task No_content_and_head()
    {
        await using var host = await StartAsync(app =>
        {
            app.MapGet("/empty", () => Results.NoContent()).UseProxyCache(cache => cache.HttpStatus = [204]);
            app.MapMethods("/x", ["GET", "HEAD"], () => $"{Next()}").UseProxyCache(cache => (cache.Key, cache.Methods) = (["$uri"], ["GET", "HEAD"]));
        });

        var empty = new[] { await GetAsync(host, "/empty"), await GetAsync(host, "/empty") };
        var head = await host.AskAsync(path: "/x", method: "HEAD");
        var get = await GetAsync(host);

        empty.Select(reply => (reply.Status, reply.Cache)).ShouldBe([(204, "MISS"), (204, "HIT")]);
        (head.Status, head.Text, get.Status, get.Text.Length > 0).ShouldBe((200, "", 200, true));
    }

    [Theory]
    [InlineData("throws")]
    [InlineData("throws late")]
    [InlineData("aborts")]
    [InlineData("cookie")]
    [InlineData("vary")]
    [InlineData("late status")]
    public async Task Such_an_answer_is_never_stored(string how)
    {
        await using var host = await StartAsync(app => app.MapGet("/x", (HttpContext context) => SpoilAsync(context, how)).UseProxyCache());

        for (var call = 1; call <= 2; call++)
        {
            await using var raw = host.Gateway.Connect();
            await raw.SendAsync("GET /x HTTP/1.1\r\nHost: api\r\n\r\n");
            var answer = await raw.ReadAnswerAsync();
            (answer.Headers[CacheHost.StatusHeader] ?? "MISS").ShouldBe("MISS");
        }
    }

    [Fact]
    public async Task Words_that_mean_unfinished_work_in_OpenAIs_answers_mean_nothing_in_the_apps_own()
    {
        await using var host = await StartAsync(app => app.MapGet("/x", () => Results.Json(new { status = "queued" })).UseProxyCache());

        (await GetAsync(host)).Cache.ShouldBe("MISS");

        (await GetAsync(host)).Cache.ShouldBe("HIT");
    }

    [Fact]
    public async Task A_header_that_an_endpoint_sets_in_place_of_the_apps_is_replayed()
    {
        await using var host = await StartAsync(app =>
        {
            app.Use((context, next) =>
            {
                context.Response.Headers["X-Kind"] = "any";
                return next(context);
            });
            app.MapGet("/x", (HttpResponse response) => response.Headers["X-Kind"] = "special").UseProxyCache();
        });

        var replies = new[] { await GetAsync(host), await GetAsync(host) };

        replies.Select(reply => (reply.Cache, reply["X-Kind"])).ShouldBe([("MISS", "special"), ("HIT", "special")]);
    }

    [Fact]
    public async Task A_cookie_that_the_app_sets_on_every_answer_does_not_prevent_storing()
    {
        await using var host = await StartAsync(app =>
        {
            app.Use((context, next) =>
            {
                context.Response.Cookies.Append("visit", $"{Next()}");
                return next(context);
            });
            app.MapGet("/x", () => $"{Next()}").UseProxyCache();
        });

        var replies = new[] { await GetAsync(host), await GetAsync(host) };

        replies[1].Cache.ShouldBe("HIT");
        replies[1]["Set-Cookie"].ShouldNotBe(replies[0]["Set-Cookie"]);
    }

    private static int Next() => Interlocked.Increment(ref _count);

    private static Task<CacheHost> StartAsync(Action<WebApplication> map) => CacheHost.StartAsync(CacheHost.Numbered(), map: map);

    private static Task<CacheReply> GetAsync(CacheHost host, string path = "/x") => host.AskAsync(path: path, method: "GET");

    private static async Task AnswerAsync(HttpContext context, string how, string file)
    {
        var text = $"{Next()}";
        var result = how switch
        {
            "json" => Results.Json(new Dictionary<string, string> { ["n"] = text }),
            "large" => Results.Json(Enumerable.Repeat(text, 20_000).ToArray()),
            "text" => Results.Text(text),
            "bytes" => Results.Bytes(Encoding.UTF8.GetBytes(text)),
            "stream" => Results.Stream(new MemoryStream(Encoding.UTF8.GetBytes(text)), "text/csv"),
            "file" => Results.File(file, "text/x-file"),
            _ => Results.Empty,
        };
        await result.ExecuteAsync(context);
        switch (how)
        {
            case "sendfile":
                await context.Response.SendFileAsync(file, 5, 3);
                break;
            case "body":
                await context.Response.StartAsync();
                await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text));
                await context.Response.CompleteAsync();
                break;
            case "writer":
                context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
                await context.Response.BodyWriter.WriteAsync(Encoding.UTF8.GetBytes(text));
                break;
        }
    }

    private static async Task SpoilAsync(HttpContext context, string how)
    {
        var response = context.Response;
        response.Headers.SetCookie = how == "cookie" ? "a=b" : default;
        response.Headers.Vary = how == "vary" ? "Origin" : default;
        switch (how)
        {
            case "throws":
                throw new InvalidOperationException("Not today.");
            case "throws late":
                await response.WriteAsync("half");
                throw new InvalidOperationException("Not today.");
            case "aborts":
                await response.WriteAsync("half");
                context.Abort();
                return;
            case "late status":
                response.BodyWriter.GetMemory(1);
                response.StatusCode = 404;
                break;
        }

        await response.WriteAsync($"{Next()}");
    }
}
