using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.AspNetCore.Builder;

namespace OpenAi.Gateway.Tests.Forwarding;

/// <summary>Neither the provider's key nor the client's password shows in an answer, a log, a trace or a metric, whatever happens.</summary>
[Collection(Timing.Name)]
public sealed class SecretTests : IDisposable
{
    private const string Password = "canary-password-of-the-client";

    private static readonly string Header = "Authorization: Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("user:" + Password));

    private readonly ConcurrentQueue<string> _signals = new();
    private readonly ActivityListener _activities;
    private readonly MeterListener _meters = new();

    public SecretTests()
    {
        _activities = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => _signals.Enqueue(Describe(activity)),
        };
        ActivitySource.AddActivityListener(_activities);
        _meters.InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument);
        _meters.SetMeasurementEventCallback<long>((instrument, _, tags, _) => _signals.Enqueue(Describe(instrument, tags)));
        _meters.SetMeasurementEventCallback<double>((instrument, _, tags, _) => _signals.Enqueue(Describe(instrument, tags)));
        _meters.Start();
    }

    public static TheoryData<string> Answers => new()
    {
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nX-Echo: Bearer " + GatewayHost.Key + "\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n",
        "HTTP/1.1 500 Bad\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\n" + GatewayHost.Key + "\r\n\r\n",
        GatewayHost.Key + "\r\n\r\n",
        "",
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task No_secret_shows_whatever_the_upstream_answers(string raw)
    {
        await using var upstream = ScriptedUpstream.Start(async connection =>
        {
            await connection.WriteAsync(raw);
            connection.Close();
        });
        await ShouldKeepSecretsAsync(options => options.To(upstream).To(upstream));
    }

    [Theory]
    [InlineData("http://127.0.0.1:1")]
    [InlineData("https://127.0.0.1:1")]
    [InlineData("http://nosuch.invalid")]
    public Task No_secret_shows_when_the_upstream_cannot_be_reached(string node) => ShouldKeepSecretsAsync(options => options.AddNode(node));

    public void Dispose()
    {
        _activities.Dispose();
        _meters.Dispose();
    }

    private async Task ShouldKeepSecretsAsync(Action<OpenAiUpstreamOptions> configure)
    {
        await using var gateway = await GatewayHost.StartOnSocketAsync(
            configure, use: app => app.UseBasicAuthConsumers(consumers => consumers.Add("consumer", "user", Password)));

        foreach (var header in new[] { Header, Header[..^6] })
        {
            var answer = await gateway.SendAsync(Request.Post(headers: header));

            ShouldBeFree(answer.RawText);
        }

        gateway.Logs.Entries.ShouldNotBeEmpty();
        ShouldBeFree(string.Join("\n", gateway.Logs.Entries));
        _signals.ShouldContain(signal => signal.StartsWith("OpenAi.Gateway ", StringComparison.Ordinal));
        ShouldBeFree(string.Join("\n", _signals));
    }

    private static void ShouldBeFree(string text)
    {
        text.ShouldNotContain(GatewayHost.Key);
        text.ShouldNotContain(Password);
        text.ShouldNotContain(Header[^20..]);
    }

    private static string Describe(Activity activity) =>
        $"{activity.Source.Name} {activity.DisplayName} {string.Join(' ', activity.TagObjects)} {string.Join(' ', activity.Baggage)} {activity.StatusDescription} "
        + string.Join(' ', activity.Events.SelectMany(entry => entry.Tags));

    private static string Describe(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        $"{instrument.Meter.Name} {instrument.Name} {string.Join(' ', tags.ToArray())}";
}
