using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway.Tests.ProxyCache;

public class NotStoredTests
{
    private const string Question = """{"model":"m"}""";

    [Theory]
    [InlineData(201)]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(429)]
    [InlineData(500)]
    public async Task An_answer_with_another_status(int status)
    {
        await using var host = await CacheHost.StartAsync(connection => connection.WriteJsonAsync("{}", status));

        await ShouldNotBeStoredAsync(host);
    }

    [Fact]
    public async Task Statuses_that_are_listed_are_stored()
    {
        await using var host = await CacheHost.StartAsync(
            connection => connection.WriteJsonAsync("{\"error\":{}}", 404), cache => cache.HttpStatus = [200, 404]);

        var replies = new[] { await host.AskAsync(), await host.AskAsync() };

        replies.Select(reply => (reply.Status, reply.Cache, reply.Text)).ShouldBe([(404, "MISS", "{\"error\":{}}"), (404, "HIT", "{\"error\":{}}")]);
    }

    [Theory]
    [InlineData("GET", """{"id":"resp_1","object":"response","status":"in_progress","output":[]}""", "MISS")]
    [InlineData("POST", """{"id":"resp_1","object":"response","status" : "queued"}""", "MISS")]
    [InlineData("GET", """{"id":"batch_1","status":"validating"}""", "MISS")]
    [InlineData("GET", """{"id":"resp_1","status":"completed","output":[{"status":"in_progress"}],"text":"\"status\":\"queued\""}""", "HIT")]
    [InlineData("POST", """{"id":"batch_1","status":"failed"}""", "HIT")]
    [InlineData("GET", """{"status":1}""", "HIT")]
    [InlineData("GET", """["status":"queued"]""", "HIT")]
    public async Task An_answer_that_tells_of_work_that_goes_on(string method, string answer, string expected)
    {
        await using var host = await CacheHost.StartAsync(connection => connection.WriteJsonAsync(answer));

        (await host.AskAsync(method: method)).Cache.ShouldBe("MISS");

        (await host.AskAsync(method: method)).Cache.ShouldBe(expected);
    }

    [Theory]
    [InlineData("/v1/chat/completions", "text/html", "<!DOCTYPE html><p>Log in</p>")]
    [InlineData("/v1/completions", "application/json", "<html></html>")]
    [InlineData("/v1/responses", "text/plain", "upstream is busy")]
    [InlineData("/v1/embeddings", "application/json", "")]
    [InlineData("/v1/chat/completions", "application/json", "\r\n ")]
    [InlineData("/v1/responses", "text/event-stream", "")]
    [InlineData("/v1/responses", "text/event-stream", "\n\n")]
    public async Task What_no_model_answers(string path, string type, string answer)
    {
        await using var host = await BothFormsTests.StartAsync(Typed(type, answer), path: path);

        await ShouldComeTwiceAsync(host, type, answer, again: "MISS");
    }

    [Theory]
    [InlineData("/v1/chat/completions", "text/plain", "\n{}", 200)]
    [InlineData("/v1/embeddings", "application/json; charset=utf-8", "[1]", 200)]
    [InlineData("/v1/completions", "text/html", "<p>Gone</p>", 410)]
    [InlineData("/v1/audio/speech", "audio/mpeg", "ID3", 200)]
    [InlineData("/v1/audio/transcriptions", "text/plain", "", 200)]
    public async Task Anything_that_another_operation_brings_is_stored_and_any_status_that_is_listed(string path, string type, string answer, int status)
    {
        await using var host = await BothFormsTests.StartAsync(Typed(type, answer, status), path: path, cache: cache => cache.HttpStatus = [200, 410]);

        await ShouldComeTwiceAsync(host, type, answer, again: "HIT");
    }

    [Theory]
    [InlineData("Content-Encoding", "gzip")]
    [InlineData("Vary", "*")]
    [InlineData("Vary", "Accept-Encoding, Cookie")]
    [InlineData("Content-Range", "bytes 0-1/9")]
    public async Task An_answer_that_suits_only_some_requests(string header, string value)
    {
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered((header, value)));

        await ShouldNotBeStoredAsync(host);
    }

    [Theory]
    [InlineData("identity")]
    [InlineData("Identity")]
    public async Task An_answer_that_says_it_is_not_encoded_is_stored(string encoding)
    {
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(("Content-Encoding", encoding)));

        var replies = new[] { await host.AskAsync(), await host.AskAsync() };

        replies.Select(reply => (reply.Cache, reply["Content-Encoding"])).ShouldBe([("MISS", encoding), ("HIT", encoding)]);
    }

    [Theory]
    [InlineData(10, false, true)]
    [InlineData(10, true, true)]
    [InlineData(11, false, false)]
    [InlineData(11, true, false)]
    [InlineData(300_000, true, false)]
    public async Task A_body_over_the_limit(int size, bool isChunked, bool isStored)
    {
        var body = "{}".PadLeft(size);
        await using var host = await CacheHost.StartAsync(
            async connection =>
            {
                await connection.WriteHeadAsync(200, isChunked ? ("Transfer-Encoding", "chunked") : ("Content-Length", $"{size}"));
                if (isChunked)
                {
                    await connection.WriteChunkAsync(body[..4]);
                    await connection.WriteChunkAsync(body[4..]);
                    await connection.EndChunksAsync();
                }
                else
                {
                    await connection.WriteAsync(body);
                }
            },
            cache => cache.MaxBodySize = 10);

        var replies = new[] { await host.AskAsync(), await host.AskAsync() };

        replies.ShouldAllBe(reply => reply.Text == body);
        replies[1].Cache.ShouldBe(isStored ? "HIT" : "MISS");
    }

    [Theory]
    [InlineData("?private=1", "MISS")]
    [InlineData("?private=0", "HIT")]
    [InlineData("?private=", "HIT")]
    [InlineData("", "HIT")]
    [InlineData("?secret=1", "MISS")]
    public async Task An_answer_that_a_condition_excludes(string query, string cache)
    {
        await using var host = await CacheHost.StartAsync(options =>
        {
            options.NoStore = ["$arg_private"];
            options.NoStoreWhen(context => context.Request.Query.ContainsKey("secret"));
        });

        var replies = new[] { await host.AskAsync(path: "/ask" + query), await host.AskAsync(path: "/ask" + query) };

        replies.Select(reply => reply.Cache).ShouldBe(["MISS", cache]);
    }

    [Fact]
    public async Task A_condition_may_look_at_the_answer()
    {
        await using var host = await CacheHost.StartAsync(
            CacheHost.Numbered(("X-Filtered", "true")), cache => cache.NoStoreWhen(context => context.Response.Headers.ContainsKey("X-Filtered")));

        await ShouldNotBeStoredAsync(host);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task A_head_answer_never_stands_for_a_whole_one(string next)
    {
        await using var host = await CacheHost.StartAsync(
            connection => connection.Request.Method == "HEAD" ? connection.WriteHeadAsync(200, ("Transfer-Encoding", "chunked")) : connection.WriteJsonAsync("{}"),
            cache => (cache.Key, cache.Methods) = (["$uri"], ["GET", "HEAD", "POST"]));
        (await host.AskAsync(method: "HEAD")).Status.ShouldBe(200);

        (await host.AskAsync(method: next)).Text.ShouldBe("{}");
        var head = await host.AskAsync(method: "HEAD");

        (head.Cache, head.Text, head["Content-Length"]).ShouldBe(("HIT", "", "2"));
    }

    [Fact]
    public async Task A_no_content_answer_is_replayed_without_a_length()
    {
        await using var host = await CacheHost.StartAsync(
            connection => connection.WriteHeadAsync(204, ("X-Id", "1")), cache => cache.HttpStatus = [StatusCodes.Status204NoContent]);

        var replies = new[] { await host.AskAsync(), await host.AskAsync() };

        replies.Select(reply => (reply.Status, reply.Cache, reply["X-Id"], reply["Content-Length"]))
            .ShouldBe([(204, "MISS", "1", null), (204, "HIT", "1", null)]);
    }

    private static async Task ShouldComeTwiceAsync(CacheHost host, string type, string answer, string again)
    {
        var replies = new[] { await host.PostAsync(Question), await host.PostAsync(Question) };

        replies.ShouldAllBe(reply => reply["Content-Type"] == type && reply.Text == answer);
        replies.Select(reply => reply.Cache).ShouldBe(["MISS", again]);
    }

    private static Func<UpstreamConnection, Task> Typed(string type, string answer, int status = 200) => async connection =>
    {
        await connection.WriteHeadAsync(status, ("Content-Type", type), ("Content-Length", $"{answer.Length}"));
        await connection.WriteAsync(answer);
    };

    private static async Task ShouldNotBeStoredAsync(CacheHost host)
    {
        await host.AskAsync();
        var second = await host.AskAsync();

        (second.Cache, host.UpstreamCalls).ShouldBe(("MISS", 2));
    }
}
