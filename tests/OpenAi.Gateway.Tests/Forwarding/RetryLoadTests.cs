using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using OpenAi.Gateway.Tests.Diagnostics;

namespace OpenAi.Gateway.Tests.Forwarding;

/// <summary>Retries do not bury an upstream that is down.</summary>
public sealed class RetryLoadTests
{
    private const int Calls = 3_000;
    private const int Parallel = 30;

    private readonly ManualTimeProvider _time = new();

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task In_a_minute_in_which_every_attempt_fails_the_upstreams_get_a_tenth_more(int fallbacks)
    {
        await using var one = Fails();
        await using var other = Fails();
        await using var second = Fails();
        await using var third = Fails();
        (string, ScriptedUpstream)[] others = [("second", second), ("third", third)];
        await using var gateway = await FallbackHost.StartAsync(
            one,
            others[..fallbacks],
            options =>
            {
                options.To(other);
                Hurry(options);
            },
            Hurry,
            time: _time);
        using var measurements = new Measurements(gateway.Services);

        await Task.WhenAll(Enumerable.Range(0, Parallel).Select(_ => CallAsync(gateway.Client, Calls / Parallel)));

        // All of it was one minute: the clock moves 59.9 seconds in all.
        var upstreamCalls = one.Requests.Count + other.Requests.Count + second.Requests.Count + third.Requests.Count;
        upstreamCalls.ShouldBeLessThanOrEqualTo(Calls * 11 / 10);
        upstreamCalls.ShouldBeGreaterThan(Calls * 105 / 100, "retries are bounded, not turned off");
        measurements.Sum("upstream.retries").ShouldBe(upstreamCalls - Calls);
        measurements.Sum("upstream.retries_denied").ShouldBeGreaterThan(0);
        gateway.Logs.Entries.ShouldContain(entry => entry.EventId.Id == 1207);
    }

    // Nobody waits: if all did, the clock, which the calls themselves move, would stand still.
    private static void Hurry(OpenAiUpstreamOptions options) => options.Cooldown = options.MaxRetryDelay = TimeSpan.FromMilliseconds(1);

    private static ScriptedUpstream Fails() => ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", 500));

    private async Task CallAsync(HttpClient client, int times)
    {
        for (var number = 0; number < times; number++)
        {
            using var content = new StringContent(Request.Json, Encoding.UTF8, "application/json");
            using var answer = await client.PostAsync(new Uri("/v1/completions", UriKind.Relative), content);
            answer.StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
            _time.Advance(TimeSpan.FromMilliseconds(59_900.0 / Calls));
        }
    }
}
