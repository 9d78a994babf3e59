using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>What is recorded for each way in which a call can end.</summary>
public sealed class EndingTests
{
    private const string Question = """{"model":"m","messages":[]}""";
    private const string Stream = """{"model":"m","stream":true,"messages":[]}""";

    // A quarter of the question's bytes, as the record has no better.
    private static readonly long InputOfStream = Estimate(Stream);

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task Ok()
    {
        await using var host = await StartAsync(context => context.WriteJsonAsync());

        await ReadAsync(await host.SendAsync(Question));

        Facts(await host.RecordAsync()).ShouldBe((UsageEnding.Ok, StandIn.Told, false, 200, 1));
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
        Facts(record).ShouldBe((UsageEnding.Ok, StandIn.Told, false, 200, 1));
        (record.IsStreamed, record.TimeToFirstToken, record.Duration).ShouldBe((true, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task Ok_of_a_stream_without_usage_is_an_estimate()
    {
        await using var host = await StartAsync(context => context.WriteEventsAsync(StandIn.Text + StandIn.Finish + StandIn.Done));

        await ReadAsync(await host.SendAsync(Stream));

        Facts(await host.RecordAsync()).ShouldBe((UsageEnding.Ok, new TokenUsage(InputOfStream, 2), true, 200, 1));
    }

    [Fact]
    public async Task Ok_of_a_stream_that_ends_without_DONE()
    {
        await using var host = await StartAsync(context => context.WriteEventsAsync(
            "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"model\":\"m-1\",\"usage\":{\"input_tokens\":1,\"output_tokens\":2}}}\n\n"));

        await ReadAsync(await host.SendAsync(Stream, path: "responses"));

        Facts(await host.RecordAsync()).ShouldBe((UsageEnding.Ok, new TokenUsage(1, 2), false, 200, 1));
    }

    [Fact]
    public async Task Rejected()
    {
        await using var host = await StartAsync(context => context.WriteJsonAsync(), route: route => route.UseLimitCount(limit =>
        {
            limit.Count = 1;
            limit.TimeWindow = TimeSpan.FromMinutes(1);
        }));

        await ReadAsync(await host.SendAsync(Question));
        await ReadAsync(await host.SendAsync(Question));
        await host.Sink.WhenAsync(2);

        host.Sink.Records.Select(Facts).ShouldBe([(UsageEnding.Ok, StandIn.Told, false, 200, 1), (UsageEnding.Rejected, default, false, 429, 0)]);
    }

    [Fact]
    public async Task Cache_hit()
    {
        await using var host = await StartAsync(context => context.WriteJsonAsync(), route: route => route.UseProxyCache());

        await ReadAsync(await host.SendAsync(Question));
        await ReadAsync(await host.SendAsync(Question));
        await host.Sink.WhenAsync(2);

        host.Sink.Records.Select(Facts).ShouldBe([(UsageEnding.Ok, StandIn.Told, false, 200, 1), (UsageEnding.CacheHit, default, false, 200, 0)]);
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

        await ReadAsync(await host.SendAsync(Question));

        Facts(await host.RecordAsync()).ShouldBe((UsageEnding.UpstreamError, default, false, status, 1));
    }

    [Fact]
    public async Task Upstream_cut_when_it_cannot_be_reached()
    {
        await using var host = await StartAsync(_ => Task.CompletedTask, options => options.ConfigureHandler(
            handler => handler.ConnectCallback = (_, _) => throw new IOException()));

        await ReadAsync(await host.SendAsync(Question));

        Facts(await host.RecordAsync()).ShouldBe((UsageEnding.UpstreamCut, default, false, 502, 1), "it was not asked");
    }

    [Fact]
    public async Task Upstream_cut_before_its_answer()
    {
        await using var host = await StartAsync(context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });

        await ReadAsync(await host.SendAsync(Question));

        Facts(await host.RecordAsync()).ShouldBe((UsageEnding.UpstreamCut, default, true, 502, 1), "it may have worked");
    }

    [Theory]
    [InlineData(StandIn.Text, 2, true)]
    [InlineData(StandIn.Text + StandIn.Finish + "data: {", 2, true)]
    [InlineData(StandIn.Text + StandIn.Finish + StandIn.UsageEvent, 34, false)]
    [InlineData(StandIn.Text + StandIn.Finish + StandIn.UsageEvent + "data: [D", 34, false)]
    public async Task Upstream_cut_within_its_stream(string events, long output, bool isEstimated)
    {
        await using var host = await StartAsync(async context =>
        {
            await context.WriteEventsAsync(events);
            context.Abort();
        });

        await ShouldBreakAsync(await host.SendAsync(Stream));

        var record = await host.RecordAsync();
        (record.Ending, record.Usage.Output, record.IsEstimated, record.Status, record.Attempts).ShouldBe((UsageEnding.UpstreamCut, output, isEstimated, 200, 1));
    }

    [Fact]
    public async Task Upstream_cut_behind_a_usage_that_was_still_growing_is_an_estimate()
    {
        var growing = StandIn.Text.Replace("null", """{"prompt_tokens":3,"completion_tokens":1}""");
        await using var host = await StartAsync(async context =>
        {
            await context.WriteEventsAsync(growing);
            context.Abort();
        });

        await ShouldBreakAsync(await host.SendAsync(Stream));

        Facts(await host.RecordAsync()).ShouldBe((UsageEnding.UpstreamCut, new TokenUsage(3, 1), true, 200, 1));
    }

    [Fact]
    public async Task Timeout_before_the_answer()
    {
        await using var host = await StartAsync(StandIn.HangAsync);

        var sending = host.SendAsync(Question);
        await _time.WhenDueAsync(due => due == TimeSpan.FromMinutes(5));
        _time.Advance(TimeSpan.FromMinutes(5));
        await ReadAsync(await sending);

        Facts(await host.RecordAsync()).ShouldBe((UsageEnding.Timeout, default, true, 504, 1));
    }

    [Fact]
    public async Task Timeout_within_the_answer()
    {
        await using var host = await StartAsync(async context =>
        {
            await context.WriteEventsAsync(StandIn.Text);
            await context.HangAsync();
        });

        using var answer = await host.SendAsync(Stream);
        using var body = await answer.Content.ReadAsStreamAsync();
        await body.ReadAtLeastAsync(new byte[1000], 50).AsTask().SoonAsync();
        await _time.WhenDueAsync(due => due == TimeSpan.FromSeconds(100));
        _time.Advance(TimeSpan.FromSeconds(100));
        await Should.ThrowAsync<IOException>(() => body.CopyToAsync(System.IO.Stream.Null).SoonAsync());

        Facts(await host.RecordAsync()).ShouldBe((UsageEnding.Timeout, new TokenUsage(InputOfStream, 2), true, 200, 1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Timeout_of_the_app(bool hasText)
    {
        var timeout = new CancellationTokenSource();
        await using var host = await StartAsync(
            async context =>
            {
                await (hasText ? context.WriteEventsAsync(StandIn.Text) : Task.CompletedTask);
                await timeout.CancelAsync();
                await context.HangAsync();
            },
            use: app => app.Use((context, next) => TimeOutAsync(context, next, timeout.Token)));

        var sending = host.SendAsync(Stream);
        await (hasText ? ShouldBreakAsync(await sending) : ReadAsync(await sending));

        var record = await host.RecordAsync();
        (record.Ending, record.IsEstimated, record.Attempts).ShouldBe((UsageEnding.Timeout, true, 1));
        record.Status.ShouldBe(record.IsStreamed ? 200 : 504);
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

        await ReadAsync(await host.SendAsync(Question));

        Facts(await host.RecordAsync()).ShouldBe((UsageEnding.Ok, StandIn.Told, isEstimated, 200, 2));
    }

    [Fact]
    public async Task Client_left_before_the_answer()
    {
        using var leave = new CancellationTokenSource();
        await using var host = await StartAsync(async context =>
        {
            await leave.CancelAsync();
            await context.HangAsync();
        });

        await Should.ThrowAsync<OperationCanceledException>(() => host.SendAsync(Question, leave: leave.Token));

        Facts(await host.RecordAsync()).ShouldBe((UsageEnding.ClientLeftBeforeFirstToken, default, true, 499, 1));
    }

    [Theory]
    [InlineData(": hello\n\n", UsageEnding.ClientLeftBeforeFirstToken, 0, true)]
    [InlineData(StandIn.Text, UsageEnding.ClientLeftAfterFirstToken, 2, true)]
    [InlineData(StandIn.Text + StandIn.Finish + StandIn.UsageEvent, UsageEnding.ClientLeftAfterFirstToken, 34, false)]
    public async Task Client_left_within_the_stream(string events, UsageEnding ending, long output, bool isEstimated)
    {
        await using var host = await StartAsync(async context =>
        {
            await context.WriteEventsAsync(events);
            await context.HangAsync();
        });
        var asks = Stream.Replace("true", "true,\"stream_options\":{\"include_usage\":true}");

        using (var answer = await host.SendAsync(asks))
        {
            using var body = await answer.Content.ReadAsStreamAsync();
            await body.ReadExactlyAsync(new byte[Encoding.UTF8.GetByteCount(events)]).AsTask().SoonAsync();
        }

        var record = await host.RecordAsync();
        (record.Ending, record.Usage.Output, record.IsEstimated, record.Status, record.Attempts).ShouldBe((ending, output, isEstimated, 200, 1));
    }

    [Fact]
    public async Task An_exception_of_the_app_does_not_lose_what_the_upstream_charges()
    {
        await using var host = await StartAsync(
            context => context.WriteJsonAsync(), route: route => route.TransformResponse((_, _) => throw new AppException()));

        await ReadAsync(await host.SendAsync(Question));

        Facts(await host.RecordAsync()).ShouldBe((UsageEnding.UpstreamCut, new TokenUsage(Estimate(Question), 0), true, 500, 1));
    }

    [Fact]
    public async Task To_read_back_a_stored_answer_costs_nothing()
    {
        await using var host = await StartAsync(context => context.WriteJsonAsync());

        using var request = new HttpRequestMessage(HttpMethod.Get, "http://gateway/v1/chat/completions");
        await ReadAsync(await host.Client.SendAsync(request, CancellationToken.None).SoonAsync());

        Facts(await host.RecordAsync()).ShouldBe((UsageEnding.Ok, default, false, 200, 1));
    }

    private Task<MeteredHost> StartAsync(
        RequestDelegate upstream,
        Action<OpenAiUpstreamOptions>? configure = null,
        Action<OpenAiRouteBuilder>? route = null,
        Action<WebApplication>? use = null) => MeteredHost.StartAsync(upstream, _time, configure, route, use: use);

    private static (UsageEnding Ending, TokenUsage Usage, bool IsEstimated, int Status, int Attempts) Facts(UsageRecord record) =>
        (record.Ending, record.Usage, record.IsEstimated, record.Status, record.Attempts);

    private static long Estimate(string body)
    {
        ModelRequestReader.Read(ModelOperation.ChatCompletions, Encoding.UTF8.GetBytes(body), maxDepth: 64, out var request).ShouldBeNull();
        return (request!.InputBytes + 3) / 4;
    }

    // What the framework's middleware for request timeouts does.
    private static async Task TimeOutAsync(HttpContext context, RequestDelegate next, CancellationToken timeout)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, timeout);
        context.Features.Set<IHttpRequestTimeoutFeature>(new TimeoutFeature(timeout));
        context.RequestAborted = both.Token;
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (!context.Response.HasStarted)
        {
            context.Response.StatusCode = StatusCodes.Status504GatewayTimeout;
        }
        catch (OperationCanceledException)
        {
            context.Abort();
        }
    }

    private static async Task ReadAsync(HttpResponseMessage answer)
    {
        using (answer)
        {
            await answer.Content.ReadAsByteArrayAsync().SoonAsync();
        }
    }

    private static async Task ShouldBreakAsync(HttpResponseMessage answer)
    {
        using (answer)
        {
            await Should.ThrowAsync<HttpRequestException>(() => answer.Content.ReadAsByteArrayAsync().SoonAsync());
        }
    }

    private sealed class TimeoutFeature(CancellationToken token) : IHttpRequestTimeoutFeature
    {
        public CancellationToken RequestTimeoutToken => token;

        public void DisableTimeout() => throw new NotSupportedException();
    }
}
