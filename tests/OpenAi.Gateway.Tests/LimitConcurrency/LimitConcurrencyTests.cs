using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenAi.Gateway.Tests.Diagnostics;
using OpenAi.Gateway.Tests.Models;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.LimitConcurrency;

public class LimitConcurrencyTests
{
    private const string Stream = "{\"model\":\"m\",\"stream\":true}";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(13);

    [Fact]
    public async Task Who_finds_no_place_is_refused_and_told_to_try_again()
    {
        await using var host = await StartAsync(limit => limit.QueueLimit = 0);
        using var measured = new Measurements(host.Server.Services);
        var first = host.AskAsync("{}");
        var call = await host.Upstream.NextRequestAsync();

        var refused = await host.AskAsync("{}");

        refused.Refusal().ShouldBe((429, "concurrency_limit_exceeded", null));
        (refused["Retry-After"], refused.Message).ShouldBe(("1", "Too many requests at the same time. Try again later."));
        measured.Of("limit.rejections").ShouldHaveSingleItem().Tags.ShouldBe("http.route=/v1/{**path}, openai_gateway.limit.kind=concurrency");
        await call.WriteJsonAsync("{}");
        (await first).Status.ShouldBe(200);
        await ShouldBeIdleAsync(host);
    }

    [Fact]
    public async Task Who_has_not_sent_its_request_yet_takes_no_place()
    {
        await using var host = await StartAsync(_ => { }, script: connection => connection.WriteJsonAsync("{}"));
        await using var slow = host.Server.Connect();
        await slow.SendAsync("POST /v1/x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
        await slow.ReadUntilAsync("100 Continue\r\n\r\n"); // Its body is awaited.

        (await host.AskAsync("{}")).Status.ShouldBe(200);

        await slow.SendAsync("{}");
        (await slow.ReadAnswerAsync()).Status.ShouldBe(200);
        await ShouldBeIdleAsync(host);
    }

    [Fact]
    public async Task The_first_to_come_is_the_first_to_go_on()
    {
        const int Callers = 20;
        await using var host = await StartAsync(limit => limit.QueueLimit = Callers);
        var asking = new List<Task<RouteAnswer>> { host.AskAsync("{\"n\":0}") };
        var call = await host.Upstream.NextRequestAsync();
        for (var caller = 1; caller <= Callers; caller++)
        {
            asking.Add(host.AskAsync($"{{\"n\":{caller}}}"));
            var waiting = caller;
            await UntilAsync(() => host.Time.DueTimes.Count(left => left == Patience) == waiting, "the next one in the queue");
        }

        for (var caller = 0; caller <= Callers; caller++)
        {
            call.Request.Text.ShouldBe($"{{\"n\":{caller}}}");
            host.Calls.ShouldBe(caller + 1);
            await call.WriteJsonAsync("{}");
            call = caller < Callers ? await host.Upstream.NextRequestAsync() : call;
        }

        (await Task.WhenAll(asking)).ShouldAllBe(answer => answer.Status == 200);
        await ShouldBeIdleAsync(host);
    }

    [Fact]
    public async Task A_full_queue_refuses_and_a_late_one_gives_up()
    {
        await using var host = await StartAsync(limit => limit.QueueLimit = 1);
        var first = host.AskAsync("{}");
        var call = await host.Upstream.NextRequestAsync();
        var waiting = host.AskAsync("{}");
        await host.Time.WhenDueAsync(left => left == Patience);

        (await host.AskAsync("{}")).Status.ShouldBe(429);
        waiting.IsCompleted.ShouldBeFalse();
        host.Time.Advance(Patience);

        (await waiting).Status.ShouldBe(429);
        await call.WriteJsonAsync("{}");
        (await first).Status.ShouldBe(200);
        host.Calls.ShouldBe(1);
        await ShouldBeIdleAsync(host);
    }

    [Fact]
    public async Task A_client_that_leaves_the_queue_frees_its_place_there()
    {
        await using var host = await StartAsync(limit => limit.QueueLimit = 1);
        var first = host.AskAsync("{}");
        var call = await host.Upstream.NextRequestAsync();
        await using var leaving = host.Server.Connect();
        await leaving.SendAsync("POST /v1/x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}");
        await host.Time.WhenDueAsync(left => left == Patience);

        leaving.Reset();
        await UntilAsync(() => host.Time.DueTimes.All(left => left != Patience), "the end of the waiting");
        var next = host.AskAsync("{\"n\":2}");
        await host.Time.WhenDueAsync(left => left == Patience);
        await call.WriteJsonAsync("{}");

        (await first).Status.ShouldBe(200);
        call = await host.Upstream.NextRequestAsync();
        call.Request.Text.ShouldBe("{\"n\":2}");
        await call.WriteJsonAsync("{}");
        (await next).Status.ShouldBe(200);
        await ShouldBeIdleAsync(host);
    }

    [Theory]
    [InlineData("left")]
    [InlineData("cut")]
    [InlineData("error")]
    [InlineData("done")]
    public async Task A_place_is_free_when_its_answer_has_ended_and_not_before(string ending)
    {
        await using var host = await StartAsync(limit => limit.QueueLimit = 1);
        await using var client = host.Server.Connect();
        await client.SendAsync($"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: {Stream.Length}\r\n\r\n{Stream}");
        var call = await host.Upstream.NextRequestAsync();
        if (ending != "error")
        {
            await call.StartSseAsync();
            await call.WriteEventAsync("{\"choices\":[]}");
            await client.ReadUntilAsync("choices");
        }

        var waiting = host.AskAsync("{\"n\":2}");
        await host.Time.WhenDueAsync(left => left == Patience);
        host.Calls.ShouldBe(1);
        switch (ending)
        {
            case "left":
                client.Reset();
                break;
            case "cut":
                call.Reset();
                break;
            case "error":
                await call.WriteJsonAsync("{}", 400);
                break;
            default:
                await call.WriteEventAsync("[DONE]");
                await call.EndChunksAsync();
                break;
        }

        var next = await host.Upstream.NextRequestAsync();
        await next.WriteJsonAsync("{}");
        (await waiting).Status.ShouldBe(200);
        await ShouldBeIdleAsync(host);
    }

    [Fact]
    public async Task Never_more_than_the_permits_run_at_once_among_a_thousand()
    {
        var (running, most) = (0, 0);
        await using var host = await StartAsync(
            limit => (limit.Permits, limit.QueueLimit) = (7, 500),
            async connection =>
            {
                InterlockedMax(ref most, Interlocked.Increment(ref running));
                await Task.Yield();
                Interlocked.Decrement(ref running);
                await connection.WriteJsonAsync("{}");
            });

        var answers = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(_ => host.AskAsync("{}")));

        most.ShouldBeInRange(1, 7);
        answers.ShouldAllBe(answer => answer.Status == 200 || answer.Status == 429);
        answers.Count(answer => answer.Status == 200).ShouldBeGreaterThanOrEqualTo(507);
        await ShouldBeIdleAsync(host);
    }

    [Fact]
    public async Task Who_waits_for_a_place_of_its_route_holds_none_of_the_app()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.UseLimitConcurrency(limit => (limit.Permits, limit.QueueLimit) = (2, 10));
            app.MapOpenAiRoute("/slow", "openai").UseLimitConcurrency(limit => (limit.Permits, limit.QueueLimit, limit.QueueTimeout) = (1, 10, Patience));
            app.MapOpenAiRoute("/fast", "openai");
        }, script: _ => Task.CompletedTask);
        var first = host.PostAsync("/slow");
        var firstCall = await host.Upstream.NextRequestAsync();
        var waiting = host.PostAsync("/slow");
        await host.Time.WhenDueAsync(left => left == Patience);

        var other = host.PostAsync("/fast");
        var otherCall = await host.Upstream.NextRequestAsync();

        await otherCall.WriteJsonAsync("{}");
        (await other).Status.ShouldBe(200);
        await firstCall.WriteJsonAsync("{}");
        (await first).Status.ShouldBe(200);
        await (await host.Upstream.NextRequestAsync()).WriteJsonAsync("{}");
        (await waiting).Status.ShouldBe(200);
        await ShouldBeIdleAsync(host);
    }

    [Fact]
    public async Task Answers_from_the_cache_need_no_place()
    {
        await using var host = await StartAsync(_ => { }, route: route => route.UseProxyCache());
        var storing = host.AskAsync("{\"n\":1}");
        await (await host.Upstream.NextRequestAsync()).WriteJsonAsync("{}");
        await storing;
        await ShouldBeIdleAsync(host);
        var busy = host.AskAsync("{\"n\":2}");
        var call = await host.Upstream.NextRequestAsync();

        (await host.AskAsync("{\"n\":1}"))["X-Cache-Status"].ShouldBe("HIT");
        (await host.AskAsync("{\"n\":3}")).Status.ShouldBe(429);
        await call.WriteJsonAsync("{}");
        await busy;
    }

    [Fact]
    public void Wrong_options_are_refused_with_the_remedy()
    {
        Refusal(limit => limit.Permits = 0).ShouldContain("Permits must be at least 1: the number of requests at the same time.");
        Refusal(limit => limit.QueueLimit = -1).ShouldContain("QueueLimit must be 0 or more.");
        Refusal(limit => limit.QueueTimeout = TimeSpan.Zero).ShouldContain("QueueTimeout: is 00:00:00. It must be longer than zero");
        Refusal(limit => limit.RejectedMessage = "").ShouldContain("RejectedMessage is empty");
        Refusal(limit => limit.RejectedCode = 600).ShouldContain("RejectedCode must be");
        Refusal(limit => limit.Key = "nothing").ShouldContain("is not a known variable");
    }

    private static Task<RouteHost> StartAsync(
        Action<LimitConcurrencyOptions> configure, Func<UpstreamConnection, Task>? script = null, Action<OpenAiRouteBuilder>? route = null) =>
        RouteHost.StartAsync(
            app =>
            {
                var mapped = app.MapOpenAiRoute("/v1/{**path}", "openai").UseLimitConcurrency(limit =>
                {
                    (limit.Permits, limit.QueueTimeout) = (1, Patience);
                    configure(limit);
                });
                route?.Invoke(mapped);
            },
            script: script ?? (_ => Task.CompletedTask));

    private static string Refusal(Action<LimitConcurrencyOptions> configure) => Should.Throw<OptionsValidationException>(() =>
        LimitConcurrencyPolicy.From(limit =>
        {
            limit.Permits = 1;
            configure(limit);
        })).Message;

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = most; seen < value; seen = most)
        {
            Interlocked.CompareExchange(ref most, value, seen);
        }
    }

    private static Task ShouldBeIdleAsync(RouteHost host)
    {
        var gates = host.Server.Services.GetRequiredService<GatewayServices>().Gates;
        return UntilAsync(() => gates.Count == 0, "the end of every request");
    }

    private static async Task UntilAsync(Func<bool> holds, string what)
    {
        var started = System.Diagnostics.Stopwatch.StartNew();
        while (!holds())
        {
            started.Elapsed.ShouldBeLessThan(Soon.Bound, what);
            await Task.Yield();
        }
    }
}
