using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using OpenAi.Gateway.Tests.Forwarding;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.Diagnostics;

/// <summary>Alone, as <c>SecretTests</c> are: whoever listens makes the gateways of all other tests want the usage of their calls.</summary>
[Collection(Timing.Name)]
public sealed class GatewayActivityTests : IDisposable
{
    private readonly Channel<Activity> _ended = Channel.CreateUnbounded<Activity>();
    private readonly string _pattern = "/openai/" + Guid.NewGuid().ToString("n");
    private readonly ActivityListener _listener;

    public GatewayActivityTests()
    {
        // Other tests of the process are heard too: the route tells them apart.
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "OpenAi.Gateway",
            Sample = (ref _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (Equals(activity.GetTagItem("http.route"), _pattern))
                {
                    _ended.Writer.TryWrite(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task A_forwarded_request_is_a_span_with_its_node_and_no_content()
    {
        await using var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoute(_pattern, "openai").SetHeader("Authorization", "canary-key")
                .UseBasicAuthConsumers(consumers => consumers.Add("canary", "canary", "canary")),
            script: connection => connection.WriteJsonAsync("""{"text":"canary"}"""));

        await host.PostAsync(_pattern + "?q=canary", "canary:canary");

        var span = await EndedAsync();
        (span.OperationName, span.Kind, span.Status).ShouldBe(("forward " + _pattern, ActivityKind.Client, ActivityStatusCode.Unset));
        Tags(span).ShouldBe(
        [
            ("http.route", _pattern), ("openai_gateway.upstream", "openai"), ("openai_gateway.attempts", 1), ("http.response.status_code", 200),
            ("server.address", "127.0.0.1"), ("server.port", host.Upstream.Address.Port),
        ]);
        string.Join(' ', span.TagObjects, span.Events, span.Baggage).ShouldNotContain("canary");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_listener_that_throws_costs_no_call_its_answer(bool atStart)
    {
        await using var host = await RouteHost.StartAsync(app => app.MapOpenAiRoute(_pattern, "openai"));
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "OpenAi.Gateway",
            Sample = (ref _) => ActivitySamplingResult.AllData,
            ActivityStarted = activity => Throw(activity, atStart),
            ActivityStopped = activity => Throw(activity, !atStart),
        };
        ActivitySource.AddActivityListener(listener);

        var answer = await host.PostAsync(_pattern);

        (answer.Status, answer.Text).ShouldBe((200, RouteHost.Completion));
        await host.Server.Logs.WhenLoggedAsync(entry => entry.EventId.Id == 1701);

        void Throw(Activity activity, bool isNow)
        {
            if (isNow && activity.OperationName.EndsWith(_pattern, StringComparison.Ordinal))
            {
                throw new UnreachableException();
            }
        }
    }

    [Fact]
    public async Task A_call_to_a_model_says_what_it_took_and_nothing_of_what_was_said()
    {
        await using var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoute(_pattern, "openai").RewritePath("/v1/chat/completions"),
            script: connection => connection.WriteJsonAsync(
                """
                {"id":"chatcmpl-1","model":"gpt-4.1-mini-2025-04-14","service_tier":"default","choices":[{"index":0,"message":{"content":"canary"},
                "finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":4}}}
                """));

        using var body = new StringContent("""{"model":"gpt-4.1-mini","max_completion_tokens":8,"messages":[{"role":"user","content":"canary"}]}""");
        using var answer = await host.Client.PostAsync(_pattern, body);

        var span = await EndedAsync();
        span.DisplayName.ShouldBe("chat gpt-4.1-mini");
        Tags(span).Where(tag => tag.Item1.StartsWith("gen_ai.", StringComparison.Ordinal) || tag.Item1.StartsWith("openai.", StringComparison.Ordinal))
            .Select(tag => (tag.Item1, tag.Item2 is string[] list ? string.Join(' ', list) : tag.Item2)).ShouldBe(
        [
            ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4.1-mini"),
            ("gen_ai.request.stream", false), ("gen_ai.request.max_tokens", 8L), ("openai.api.type", "chat_completions"),
            ("gen_ai.response.model", "gpt-4.1-mini-2025-04-14"), ("gen_ai.response.id", "chatcmpl-1"), ("gen_ai.response.finish_reasons", "stop"),
            ("gen_ai.usage.input_tokens", 9L), ("gen_ai.usage.output_tokens", 5L), ("gen_ai.usage.cache_read.input_tokens", 4L),
            ("openai.response.service_tier", "default"),
        ]);
        string.Join(' ', span.TagObjects, span.DisplayName).ShouldNotContain("canary");
    }

    [Fact]
    public async Task A_failure_is_told_by_its_code()
    {
        await using var host = await RouteHost.StartAsync(app => app.MapOpenAiRoute(_pattern, "openai"), script: connection =>
        {
            connection.Reset();
            return Task.CompletedTask;
        });

        await host.PostAsync(_pattern);

        var span = await EndedAsync();
        span.Status.ShouldBe(ActivityStatusCode.Error);
        Tags(span).ShouldContain(("error.type", "upstream_broken"));
        Tags(span).ShouldContain(("http.response.status_code", 502));
    }

    [Fact]
    public async Task A_request_that_ends_with_an_exception_has_the_status_that_its_client_gets()
    {
        await using var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoute(_pattern, "openai").TransformResponse((_, _) => throw new NotSupportedException("canary")),
            script: connection => connection.WriteJsonAsync("{}"));

        (await host.PostAsync(_pattern)).Status.ShouldBe(500);

        var span = await EndedAsync();
        (span.Status, span.StatusDescription).ShouldBe((ActivityStatusCode.Error, null));
        Tags(span).ShouldContain(("http.response.status_code", 500));
        Tags(span).ShouldContain(("error.type", "System.NotSupportedException"));
    }

    [Fact]
    public async Task A_refused_request_is_no_span()
    {
        await using var host = await RouteHost.StartAsync(app =>
            app.MapOpenAiRoute(_pattern, "openai").UseBasicAuthConsumers(consumers => consumers.Add("a", "a", "a")));

        await host.PostAsync(_pattern);
        await host.PostAsync(_pattern, "a:a");

        Tags(await EndedAsync()).ShouldContain(("http.response.status_code", 200));
        _ended.Reader.TryRead(out _).ShouldBeFalse();
    }

    private static List<(string, object?)> Tags(Activity span) => [.. span.TagObjects.Select(tag => (tag.Key, tag.Value))];

    private Task<Activity> EndedAsync() => _ended.Reader.ReadAsync().AsTask().SoonAsync("the span");
}
