using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>What is recorded for each way in which a call can end well, or be refused.</summary>
public sealed class EndingTests
{
    private const string Question = """{"model":"m","messages":[]}""";
    private const string Stream = """{"model":"m","stream":true,"messages":[]}""";

    // A quarter of the question's bytes, as the record has no better.
    private static readonly long InputOfStream = Endings.Estimate(Stream);

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task Ok()
    {
        await using var host = await StartAsync(context => context.WriteJsonAsync());

        await Endings.ReadAsync(await host.SendAsync(Question));

        Endings.Facts(await host.RecordAsync()).ShouldBe((UsageEnding.Ok, StandIn.Told, false, 200, 1));
    }

    [Fact]
    public async Task Ok_of_a_stream_with_its_times()
    {
        var question = new SemaphoreSlim(0);
        await using var host = await StartAsync(async context =>
        {
            _time.Advance(TimeSpan.FromSeconds(2));
            await context.WriteEventsAsync(StandIn.Text);
            await question.WaitAsync();
            _time.Advance(TimeSpan.FromSeconds(3));
            await context.WriteEventsAsync(StandIn.Finish + StandIn.UsageEvent + StandIn.Done);
        });

        using var answer = await host.SendAsync(Stream);
        using var body = await answer.Content.ReadAsStreamAsync();
        await body.ReadAtLeastAsync(new byte[1000], 50).AsTask().SoonAsync();
        question.Release();
        await new StreamReader(body).ReadToEndAsync().SoonAsync();

        var record = await host.RecordAsync();
        Endings.Facts(record).ShouldBe((UsageEnding.Ok, StandIn.Told, false, 200, 1));
        (record.IsStreamed, record.TimeToFirstToken, record.Duration).ShouldBe((true, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task Ok_of_a_stream_without_usage_is_an_estimate()
    {
        await using var host = await StartAsync(context => context.WriteEventsAsync(StandIn.Text + StandIn.Finish + StandIn.Done));

        await Endings.ReadAsync(await host.SendAsync(Stream));

        Endings.Facts(await host.RecordAsync()).ShouldBe((UsageEnding.Ok, new TokenUsage(InputOfStream, 2), true, 200, 1));
    }

    [Fact]
    public async Task Ok_of_a_stream_that_ends_without_DONE()
    {
        await using var host = await StartAsync(context => context.WriteEventsAsync(
            "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"model\":\"m-1\",\"usage\":{\"input_tokens\":1,\"output_tokens\":2}}}\n\n"));

        await Endings.ReadAsync(await host.SendAsync(Stream, path: "responses"));

        Endings.Facts(await host.RecordAsync()).ShouldBe((UsageEnding.Ok, new TokenUsage(1, 2), false, 200, 1));
    }

    [Fact]
    public async Task Rejected()
    {
        await using var host = await StartAsync(context => context.WriteJsonAsync(), route: route => route.UseLimitCount(limit =>
        {
            limit.Count = 1;
            limit.TimeWindow = TimeSpan.FromMinutes(1);
        }));

        await Endings.ReadAsync(await host.SendAsync(Question));
        await Endings.ReadAsync(await host.SendAsync(Question));
        await host.Sink.WhenAsync(2);

        host.Sink.Records.Select(Endings.Facts).ShouldBe([(UsageEnding.Ok, StandIn.Told, false, 200, 1), (UsageEnding.Rejected, default, false, 429, 0)]);
    }

    [Fact]
    public async Task Rejected_for_its_model_which_the_record_names()
    {
        await using var host = await StartAsync(context => context.WriteJsonAsync(), route: route => route.UseModels(models => models.AllowedModels = ["other"]));

        await Endings.ReadAsync(await host.SendAsync("""{"model":"m"}"""));

        var record = await host.RecordAsync();
        Endings.Facts(record).ShouldBe((UsageEnding.Rejected, default, false, 403, 0));
        (record.AskedModel, record.SentModel, record.Cost).ShouldBe(("m", null, 0));
    }

    [Fact]
    public async Task Cache_hit()
    {
        await using var host = await StartAsync(context => context.WriteJsonAsync(), route: route => route.UseProxyCache());

        await Endings.ReadAsync(await host.SendAsync(Question));
        await Endings.ReadAsync(await host.SendAsync(Question));
        await host.Sink.WhenAsync(2);

        host.Sink.Records.Select(Endings.Facts).ShouldBe([(UsageEnding.Ok, StandIn.Told, false, 200, 1), (UsageEnding.CacheHit, default, false, 200, 0)]);
    }

    [Theory]
    [InlineData("ends")]
    [InlineData("stalls")]
    [InlineData("does not begin")]
    public async Task Cache_hit_of_a_stale_answer_whatever_came_of_the_failure(string how)
    {
        var isDown = false;
        await using var host = await StartAsync(
            async context =>
            {
                if (isDown && how == "does not begin")
                {
                    context.Abort();
                    return;
                }

                await context.WriteJsonAsync(isDown ? "{}" : StandIn.Json, isDown ? 503 : 200);
                if (isDown)
                {
                    // In chunks, so that more of it may come.
                    await context.Response.Body.FlushAsync();
                    await (how == "stalls" ? context.HangAsync() : Task.CompletedTask);
                }
            },
            options => options.Retries = 0,
            route => route.UseProxyCache(cache => cache.StaleIfError = TimeSpan.FromHours(1)));
        await Endings.ReadAsync(await host.SendAsync(Question));
        isDown = true;
        _time.Advance(TimeSpan.FromMinutes(5));

        using var answer = await host.SendAsync(Question);
        (await answer.Content.ReadAsStringAsync().SoonAsync()).ShouldBe(StandIn.Json);
        await host.Sink.WhenAsync(2);

        // What a call took that was never answered, nobody knows.
        Endings.Facts(host.Sink.Records.Last()).ShouldBe((UsageEnding.CacheHit, default, how == "does not begin", 200, 1));
    }

    [Theory]
    [InlineData("chat/completions", StandIn.Text + "data: {\"error\":{\"message\":\"no\"}}\n\n" + StandIn.Done, UsageEnding.UpstreamError)]
    [InlineData("chat/completions", StandIn.Text + "data: {\"error\" : \"no\"}\n\n", UsageEnding.UpstreamError)]
    [InlineData("chat/completions", StandIn.Text + "event: error\ndata: {\"message\":\"no\"}\n\n" + StandIn.Done, UsageEnding.UpstreamError)]
    [InlineData("chat/completions", StandIn.Text + "data: {\"error\":null,\"choices\":[{\"delta\":{\"error\":{}}}]}\n\n" + StandIn.Done, UsageEnding.Ok)]
    [InlineData("responses", "event: response.failed\ndata: {\"response\":{\"model\":\"m-1\",\"error\":{\"code\":\"no\"},\"usage\":null}}\n\n", UsageEnding.UpstreamError)]
    [InlineData("responses", "event: error\ndata: {\"type\":\"error\",\"message\":\"no\"}\n\n", UsageEnding.UpstreamError)]
    [InlineData("responses", "event: response.completed\ndata: {\"response\":{\"model\":\"m-1\",\"error\":null,\"usage\":null}}\n\n", UsageEnding.Ok)]
    [InlineData("chat/completions", """{"error":{"message":"no","code":502}}""", UsageEnding.UpstreamError)]
    [InlineData("responses", """{"id":"r","model":"m","error":{"code":"no"},"output":[],"usage":{"input_tokens":1,"output_tokens":0}}""", UsageEnding.UpstreamError)]
    [InlineData("responses", """{"id":"r","model":"m","error":null,"output":[{"error":"no"}],"usage":{"input_tokens":1,"output_tokens":0}}""", UsageEnding.Ok)]
    public async Task Upstream_error_that_an_answer_tells_in_spite_of_its_status(string path, string answer, UsageEnding ending)
    {
        await using var host = await StartAsync(context => answer[0] == '{' ? context.WriteJsonAsync(answer) : context.WriteEventsAsync(answer));

        await Endings.ReadAsync(await host.SendAsync(answer[0] == '{' ? Question : Stream, path));

        var record = await host.RecordAsync();
        (record.Ending, record.Status, record.Attempts).ShouldBe((ending, 200, 1));
    }

    [Theory]
    [InlineData(Stream, true)]
    [InlineData(Question, false)]
    public async Task Cache_hit_says_whether_the_client_got_a_stream(string question, bool isStreamed)
    {
        await using var host = await StartAsync(
            context => context.WriteEventsAsync(StandIn.Text.Replace("\"id\"", "\"object\":\"chat.completion.chunk\",\"id\"") + StandIn.Finish + StandIn.UsageEvent + StandIn.Done),
            route: route => route.UseProxyCache());

        await Endings.ReadAsync(await host.SendAsync(Stream));
        await Endings.ReadAsync(await host.SendAsync(question));
        await host.Sink.WhenAsync(2);

        host.Sink.Records.Select(record => (record.Ending, record.IsStreamed)).ShouldBe([(UsageEnding.Ok, true), (UsageEnding.CacheHit, isStreamed)]);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(429)]
    [InlineData(499)]
    [InlineData(500)]
    public async Task Upstream_error(int status)
    {
        await using var host = await StartAsync(context => context.WriteJsonAsync(StandIn.Json, status));

        await Endings.ReadAsync(await host.SendAsync(Question));

        Endings.Facts(await host.RecordAsync()).ShouldBe((UsageEnding.UpstreamError, default, false, status, 1));
    }

    [Theory]
    [InlineData(503, false)]
    [InlineData(0, true)]
    public async Task A_retried_call_counts_once_and_says_whether_more_may_have_been_charged(int first, bool isEstimated)
    {
        var calls = 0;
        await using var host = await StartAsync(
            context =>
            {
                if (++calls > 1)
                {
                    return context.WriteJsonAsync();
                }

                context.Response.Headers["retry-after-ms"] = "0";
                if (first == 0)
                {
                    context.Abort();
                }

                return first == 0 ? Task.CompletedTask : context.WriteJsonAsync("{}", first);
            },
            options =>
            {
                options.Retries = 1;
                options.AddNode("http://other");
            });

        await Endings.ReadAsync(await host.SendAsync(Question));

        Endings.Facts(await host.RecordAsync()).ShouldBe((UsageEnding.Ok, StandIn.Told, isEstimated, 200, 2));
    }

    [Fact]
    public async Task An_exception_of_the_app_does_not_lose_what_the_upstream_charges()
    {
        await using var host = await StartAsync(
            context => context.WriteJsonAsync(), route: route => route.TransformResponse((_, _) => throw new AppException()));

        await Endings.ReadAsync(await host.SendAsync(Question));

        Endings.Facts(await host.RecordAsync()).ShouldBe((UsageEnding.UpstreamCut, new TokenUsage(Endings.Estimate(Question), 0), true, 500, 1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nor_does_it_behind_a_bridge(bool isStream)
    {
        await using var host = await StartAsync(
            context => isStream ? context.WriteEventsAsync(StandIn.Text + StandIn.Finish + StandIn.UsageEvent + StandIn.Done) : context.WriteJsonAsync(),
            route: route => route.BridgeCompletions(bridge => bridge.DefaultModel = "m").TransformResponse((_, _) => throw new AppException()));

        await Endings.ReadAsync(await host.SendAsync($$"""{"model":"m","prompt":["a","b"],"stream":{{(isStream ? "true" : "false")}}}""", path: "completions"));

        // JSON has been read by then, a stream has not.
        var expected = isStream ? default : StandIn.Told + StandIn.Told;
        Endings.Facts(await host.RecordAsync()).ShouldBe((UsageEnding.UpstreamCut, expected, isStream, 500, 2));
    }

    private Task<MeteredHost> StartAsync(
        RequestDelegate upstream,
        Action<OpenAiUpstreamOptions>? configure = null,
        Action<OpenAiRouteBuilder>? route = null) => MeteredHost.StartAsync(upstream, _time, configure, route);
}
