using Microsoft.AspNetCore.Builder;

namespace OpenAi.Gateway.Tests.ProxyCache;

public class BypassTests
{
    [Fact]
    public async Task Another_method_than_the_listed_ones()
    {
        await using var host = await CacheHost.StartAsync();

        var replies = new[] { await host.AskAsync(method: "PUT"), await host.AskAsync(method: "PUT") };

        replies.Select(reply => (reply.Cache, reply.Text)).ShouldBe([("BYPASS", "{\"answer\":1}"), ("BYPASS", "{\"answer\":2}")]);
    }

    [Theory]
    [InlineData("""{"model":"m","conversation":"conv_1","input":"go on"}""", "BYPASS")]
    [InlineData("""{"model":"m","conversation" : {"id":"conv_1"},"input":"go on"}""", "BYPASS")]
    [InlineData("""{"model":"m","conversation":null,"input":"go on"}""", "HIT")]
    [InlineData("""{"model":"m","previous_response_id":"resp_1","input":"go on"}""", "HIT")]
    [InlineData("""{"model":"m","metadata":{"conversation":"conv_1"},"input":"\"conversation\":1"}""", "HIT")]
    public async Task A_conversation_that_the_upstream_keeps(string question, string cache)
    {
        await using var host = await BothFormsTests.StartAsync(CacheHost.Numbered(), path: "/v1/responses");
        await host.PostAsync(question);

        (await host.PostAsync(question)).Cache.ShouldBe(cache);
    }

    [Theory]
    [InlineData("POST", "/v1/threads", "BYPASS")]
    [InlineData("POST", "/v1/threads/thread_1/messages", "BYPASS")]
    [InlineData("GET", "/v1/Files?purpose=batch", "BYPASS")]
    [InlineData("POST", "/openai/vector_stores?api-version=1", "BYPASS")]
    [InlineData("POST", "/v1/realtime/client_secrets", "BYPASS")]
    [InlineData("POST", "/v1/chat/completions/chatcmpl_1", "BYPASS")]
    [InlineData("GET", "/v1/chat/completions?limit=2", "BYPASS")]
    [InlineData("GET", "/v1/responses/resp_1", "BYPASS")]
    [InlineData("GET", "/v1/responses/resp_1/input_items", "BYPASS")]
    [InlineData("POST", "/v1/Responses/resp_1/cancel", "BYPASS")]
    [InlineData("POST", "/v1/chat/completions", "HIT")]
    [InlineData("POST", "/v1/responses/input_tokens", "HIT")]
    [InlineData("POST", "/v1/images/generations?of=files/threads", "HIT")]
    [InlineData("POST", "/openai/deployments/files/embeddings", "HIT")]
    [InlineData("GET", "/v1/models", "HIT")]
    public async Task What_the_upstream_keeps_for_its_clients(string method, string path, string cache)
    {
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), map: app =>
            app.MapOpenAiRoute("/{**path}", "openai").WithMethods("GET", "POST").UseProxyCache());
        await host.AskAsync("{}", path, method);

        var reply = await host.AskAsync("{}", path, method);

        (reply.Cache, reply.Text).ShouldBe((cache, cache == "HIT" ? "{\"answer\":1}" : "{\"answer\":2}"));
    }

    [Fact]
    public async Task A_path_of_an_endpoint_that_is_no_route_to_an_upstream_says_nothing()
    {
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), map: app => app.MapGet("/files", () => "files").UseProxyCache());
        await host.AskAsync(path: "/files", method: "GET");

        (await host.AskAsync(path: "/files", method: "GET")).Cache.ShouldBe("HIT");
    }

    [Theory]
    [InlineData("", "", "HIT")]
    [InlineData("?fresh=", "0", "HIT")]
    [InlineData("?fresh=0", "", "HIT")]
    [InlineData("?fresh=1", "", "BYPASS")]
    [InlineData("?fresh=00", "", "BYPASS")]
    [InlineData("", "yes", "BYPASS")]
    public async Task Templates_that_are_neither_empty_nor_zero(string query, string header, string cache)
    {
        await using var host = await CacheHost.StartAsync(options =>
            (options.Key, options.Bypass) = (["$uri", "$request_body", "$consumer_name"], ["$arg_fresh", "$http_x_fresh"]));
        await host.AskAsync();

        var reply = await host.AskAsync(path: "/ask" + query, headers: ("X-Fresh", header));

        reply.Cache.ShouldBe(cache);
    }

    [Fact]
    public async Task A_condition()
    {
        await using var host = await CacheHost.StartAsync(
            options => options.BypassWhen(context => context.Request.Headers.ContainsKey("X-Debug")));
        await host.AskAsync();

        var debug = await host.AskAsync(headers: ("X-Debug", "1"));
        var plain = await host.AskAsync();

        (debug.Cache, debug.Text, plain.Cache, plain.Text).ShouldBe(("BYPASS", "{\"answer\":2}", "HIT", "{\"answer\":1}"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_that_is_too_large_to_be_held(bool isChunked)
    {
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), upstream: upstream => upstream.MaxBufferedBody = 16);
        var body = new string('x', 17);
        var question = isChunked
            ? $"POST /ask HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n{body}\r\n0\r\n\r\n"
            : $"POST /ask HTTP/1.1\r\nHost: api\r\nContent-Length: 17\r\n\r\n{body}";
        await using var raw = host.Gateway.Connect();

        for (var call = 1; call <= 2; call++)
        {
            await raw.SendAsync(question);
            var answer = await raw.ReadAnswerAsync();

            (answer.Headers[CacheHost.StatusHeader], answer.Text).ShouldBe(("BYPASS", $"{{\"answer\":{call}}}"));
            host.Upstream.Requests[^1].Text.ShouldBe(body);
        }
    }

    [Fact]
    public async Task A_body_of_exactly_the_limit_is_cached()
    {
        await using var host = await CacheHost.StartAsync(CacheHost.Numbered(), upstream: upstream => upstream.MaxBufferedBody = 13);

        var replies = new[] { await host.AskAsync("1"), await host.AskAsync("1") };

        host.Upstream.Requests[0].Body.Length.ShouldBe(14);
        replies[1].Cache.ShouldBe("BYPASS");
        (await host.AskAsync("")).Cache.ShouldBe("MISS");
        (await host.AskAsync("")).Cache.ShouldBe("HIT");
    }
}
