using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>What is recorded for each way in which a call can break: its upstream, its time, its client.</summary>
public sealed class BrokenEndingTests
{
    private const string Question = """{"model":"m","messages":[]}""";
    private const string Stream = """{"model":"m","stream":true,"messages":[]}""";

    // A quarter of the question's bytes, as the record has no better.
    private static readonly long InputOfStream = Endings.Estimate(Stream);

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task Upstream_cut_when_it_cannot_be_reached()
    {
        await using var host = await StartAsync(_ => Task.CompletedTask, options => options.ConfigureHandler(
            handler => handler.ConnectCallback = (_, _) => throw new IOException()));

        await Endings.ReadAsync(await host.SendAsync(Question));

        Endings.Facts(await host.RecordAsync()).ShouldBe((UsageEnding.UpstreamCut, default, false, 502, 1), "it was not asked");
    }

    [Fact]
    public async Task Upstream_cut_before_its_answer()
    {
        await using var host = await StartAsync(context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });

        await Endings.ReadAsync(await host.SendAsync(Question));

        Endings.Facts(await host.RecordAsync()).ShouldBe((UsageEnding.UpstreamCut, default, true, 502, 1), "it may have worked");
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

        Endings.Facts(await host.RecordAsync()).ShouldBe((UsageEnding.UpstreamCut, new TokenUsage(3, 1), true, 200, 1));
    }

    [Fact]
    public async Task Timeout_before_the_answer()
    {
        await using var host = await StartAsync(StandIn.HangAsync);

        var sending = host.SendAsync(Question);
        await _time.WhenDueAsync(due => due == TimeSpan.FromMinutes(5));
        _time.Advance(TimeSpan.FromMinutes(5));
        await Endings.ReadAsync(await sending);

        Endings.Facts(await host.RecordAsync()).ShouldBe((UsageEnding.Timeout, default, true, 504, 1));
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

        Endings.Facts(await host.RecordAsync()).ShouldBe((UsageEnding.Timeout, new TokenUsage(InputOfStream, 2), true, 200, 1));
    }

    [Fact]
    public async Task Timeout_of_the_app_before_the_answer()
    {
        using var timeout = new CancellationTokenSource();
        await using var host = await StartAsync(
            async context =>
            {
                await timeout.CancelAsync();
                await context.HangAsync();
            },
            use: app => app.Use((context, next) => TimeOutAsync(context, next, timeout.Token)));

        await Endings.ReadAsync(await host.SendAsync(Question));

        Endings.Facts(await host.RecordAsync()).ShouldBe((UsageEnding.Timeout, default, true, 504, 1));
    }

    [Fact]
    public async Task Timeout_of_the_app_within_the_answer()
    {
        using var timeout = new CancellationTokenSource();
        await using var host = await StartAsync(
            async context =>
            {
                await context.WriteEventsAsync(StandIn.Text);
                await context.HangAsync();
            },
            use: app => app.Use((context, next) => TimeOutAsync(context, next, timeout.Token)));

        using var answer = await host.SendAsync(Stream);
        using var body = await answer.Content.ReadAsStreamAsync();
        await body.ReadAtLeastAsync(new byte[1000], 50).AsTask().SoonAsync();
        await timeout.CancelAsync();
        await Should.ThrowAsync<IOException>(() => body.CopyToAsync(System.IO.Stream.Null).SoonAsync());

        Endings.Facts(await host.RecordAsync()).ShouldBe((UsageEnding.Timeout, new TokenUsage(InputOfStream, 2), true, 200, 1));
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

        Endings.Facts(await host.RecordAsync()).ShouldBe((UsageEnding.ClientLeftBeforeFirstToken, default, true, 499, 1));
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
    public async Task What_came_counts_however_sending_it_fails()
    {
        await using var host = await StartAsync(
            context => context.WriteEventsAsync(StandIn.Text + StandIn.Finish + StandIn.UsageEvent + StandIn.Done),
            use: app => app.Use(async (context, next) =>
            {
                var client = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
                context.Features.Set<IHttpResponseBodyFeature>(new UnsendableBody(client));
                await next(context);
                context.Features.Set(client);
            }));

        await Endings.ReadAsync(await host.SendAsync("""{"model":"m","stream":true,"messages":[]}"""));

        Endings.Facts(await host.RecordAsync()).ShouldBe((UsageEnding.Ok, StandIn.Told, false, 200, 1));
    }

    private Task<MeteredHost> StartAsync(
        RequestDelegate upstream,
        Action<OpenAiUpstreamOptions>? configure = null,
        Action<OpenAiRouteBuilder>? route = null,
        Action<WebApplication>? use = null) => MeteredHost.StartAsync(upstream, _time, configure, route, use: use);

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
