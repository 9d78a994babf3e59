using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.Diagnostics;

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
