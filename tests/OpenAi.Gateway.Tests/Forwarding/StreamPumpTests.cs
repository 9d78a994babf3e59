using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway.Tests.Forwarding;

public class StreamPumpTests
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(7);

    private readonly ManualTimeProvider _time = new();

    [Theory]
    [InlineData("""{"answer":1}""", false)]
    [InlineData("""{"answer":1}""", true)]
    [InlineData("""{"ans""", false)]
    [InlineData("""{"ans""", true)]
    public async Task An_end_of_HTTP2_that_does_not_come_behind_a_whole_body_holds_nobody_up_for_long(string first, bool isSlow)
    {
        const string whole = """{"answer":1}""";
        var body = new Pipe();
        await body.Writer.WriteAsync(Encoding.UTF8.GetBytes(first));
        using var answer = new HttpResponseMessage { Version = HttpVersion.Version20, Content = new StreamContent(body.Reader.AsStream()) };
        answer.Content.Headers.ContentLength = whole.Length;
        using var invoker = new HttpMessageInvoker(new Answering(answer));
        using var attempt = Begin(invoker);
        await attempt.SendAsync(invoker, TimeSpan.FromMinutes(1));
        var client = new Pipe(new PipeOptions(pauseWriterThreshold: isSlow ? 1 : 1000, resumeWriterThreshold: 1));

        var pumping = new StreamPump(client.Writer, attempt.Clock, Idle, isEventStream: false, meter: null).CopyAsync(attempt, CancellationToken.None);
        if (first.Length < whole.Length)
        {
            await ReadAsync(client.Reader, first);
            await body.Writer.WriteAsync(Encoding.UTF8.GetBytes(whole[first.Length..]));
        }

        await ReadAsync(client.Reader, whole[(first.Length % whole.Length)..]);
        await _time.WhenDueAsync(due => due == Idle);
        _time.Advance(Idle);

        (await pumping.SoonAsync()).ShouldBe(PumpEnd.Complete);
    }

    [Fact]
    public async Task A_client_that_is_slow_to_take_the_head_of_a_stream_stops_the_idle_clock_until_it_has_it()
    {
        using var answer = new HttpResponseMessage { Content = new StreamContent(new Pipe().Reader.AsStream()) };
        answer.Content.Headers.ContentType = new("text/event-stream");
        using var invoker = new HttpMessageInvoker(new Answering(answer));
        using var attempt = Begin(invoker);
        await attempt.SendAsync(invoker, TimeSpan.FromMinutes(1));
        var client = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        client.Writer.Write("head"u8);

        var pumping = new StreamPump(client.Writer, attempt.Clock, Idle, isEventStream: true, meter: null).CopyAsync(attempt, CancellationToken.None);
        _time.DueTimes.ShouldBeEmpty();
        await ReadAsync(client.Reader, "head");
        await _time.WhenDueAsync(due => due == Idle);
        _time.Advance(Idle);

        (await pumping.SoonAsync()).ShouldBe(PumpEnd.IdleTimeout);
    }

    private static async Task ReadAsync(PipeReader client, string expected)
    {
        var read = await client.ReadAtLeastAsync(expected.Length);
        Encoding.UTF8.GetString(read.Buffer).ShouldBe(expected);
        client.AdvanceTo(read.Buffer.End);
    }

    private ForwardAttempt Begin(HttpMessageInvoker invoker) => Begin(invoker, _time);

    internal static ForwardAttempt Begin(HttpMessageInvoker invoker, ManualTimeProvider time)
    {
        var upstream = new Upstream("openai", new OpenAiUpstreamOptions().AddNode("https://node"), invoker, new RetryBudget(time), time);
        var clock = GatewayRequest.Of(new DefaultHttpContext()).BeginClock(time, CancellationToken.None);
        return new ForwardAttempt(
            new UpstreamStep(upstream, upstream, upstream.Pairs.Single(), null, TimeSpan.Zero), new HttpRequestMessage(HttpMethod.Post, "https://node/v1"), clock);
    }

    internal sealed class Answering(HttpResponseMessage answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(answer);
    }
}
