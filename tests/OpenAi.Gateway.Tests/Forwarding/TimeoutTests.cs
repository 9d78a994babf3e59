using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway.Tests.Forwarding;

public sealed class TimeoutTests
{
    private readonly ManualTimeProvider _time = new();

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")]
    public async Task No_first_byte_in_time_is_answered_504(string raw)
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteAsync(raw));
        await using var gateway = await GatewayHost.StartAsync(upstream, options => options.FirstByteTimeout = TimeSpan.FromSeconds(20), time: _time);
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());
        var connection = await upstream.NextRequestAsync();
        await _time.WhenDueAsync(due => due == TimeSpan.FromSeconds(20));

        _time.Advance(TimeSpan.FromSeconds(20));

        (await client.ReadAnswerAsync()).ShouldBeError(504, "upstream_timeout");
        await connection.PeerClosed.SoonAsync();
    }

    [Fact]
    public async Task A_client_that_is_slow_to_send_is_told_so_and_no_node_rests_for_it()
    {
        var upload = new StalledUpload(new byte[100]);
        await using var upstream = ScriptedUpstream.Start();
        await using var gateway = await GatewayHost.StartOnSocketAsync(
            options => (options.To(upstream).MaxBufferedBody, options.FirstByteTimeout) = (10, TimeSpan.FromSeconds(20)),
            time: _time,
            use: app => app.Use((context, next) =>
            {
                context.Request.Body = upload;
                return next(context);
            }));
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Head("Content-Length: 1000"));
        await upload.Waiting.SoonAsync("a read of bytes that the client has not sent");

        _time.Advance(TimeSpan.FromSeconds(20));

        (await client.ReadAnswerAsync()).ShouldBeError(408, "request_timeout");
        gateway.Services.GetRequiredService<UpstreamRegistry>().Get("openai").Pairs.ShouldAllBe(pair => !pair.IsCoolingDown);
        gateway.Logs.Entries.ShouldNotContain(entry => entry.EventId.Id == 1201, "the node did nothing wrong");
    }

    [Fact]
    public async Task A_client_that_has_sent_all_is_not_blamed_for_a_silent_upstream()
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.HangAsync());
        await using var gateway = await GatewayHost.StartAsync(
            upstream, options => (options.MaxBufferedBody, options.FirstByteTimeout) = (10, TimeSpan.FromSeconds(20)), time: _time);
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());
        await upstream.NextRequestAsync(); // which has come whole

        _time.Advance(TimeSpan.FromSeconds(20));

        (await client.ReadAnswerAsync()).ShouldBeError(504, "upstream_timeout");
    }

    [Theory]
    [InlineData("application/json", "{\"half\":", false)]
    [InlineData("text/event-stream", "data: 1\n\n", true)]
    [InlineData("text/event-stream", "data: {\"half\":", false)]
    public async Task Silence_within_an_answer_breaks_it_off(string type, string half, bool isToldInBand)
    {
        await using var upstream = ScriptedUpstream.Start();
        await using var gateway = await GatewayHost.StartAsync(upstream, options => options.IdleTimeout = TimeSpan.FromSeconds(30), time: _time);
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());
        var connection = await upstream.NextRequestAsync();
        await connection.WriteHeadAsync(200, ("Content-Type", type), ("Transfer-Encoding", "chunked"));
        for (var number = 0; number < 3; number++)
        {
            await connection.WriteChunkAsync(half);
            await client.ReadUntilAsync(half);
            await _time.WhenDueAsync(due => due == TimeSpan.FromSeconds(30));
            _time.Advance(TimeSpan.FromSeconds(20)); // a piece in time starts the clock anew
        }

        await _time.WhenArmedAsync();
        _time.Advance(TimeSpan.FromSeconds(30));

        if (isToldInBand)
        {
            (await client.ReadUntilAsync("\n\n")).ShouldContain("event: error\ndata: ");
        }

        (await client.ReadToCloseAsync()).ShouldBe(isToldInBand ? RawEnd.Complete : RawEnd.Reset);
        await connection.PeerClosed.SoonAsync();
        gateway.Logs.Entries.Single(entry => entry.EventId.Name == "AnswerCut").Message.ShouldContain("IdleTimeout");
    }

    [Fact]
    public async Task The_deadline_bounds_all_attempts_and_pauses_together()
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}", 503, ("Retry-After", "4")));
        await using var gateway = await GatewayHost.StartAsync(
            upstream, options => options.Retries = 100, route => route.WithTimeout(TimeSpan.FromSeconds(10)), _time);
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());

        foreach (var _ in new[] { 1, 2 })
        {
            await _time.WhenDueAsync(due => due == TimeSpan.FromSeconds(4));
            _time.Advance(TimeSpan.FromSeconds(4));
        }

        (await client.ReadAnswerAsync()).Status.ShouldBe(503, "a third pause would go beyond the deadline");
        upstream.Requests.Count.ShouldBe(3);
    }

    [Fact]
    public async Task No_other_node_is_asked_after_the_deadline()
    {
        await using var silent = ScriptedUpstream.Start(connection => connection.HangAsync());
        await using var other = ScriptedUpstream.Start(connection => connection.WriteJsonAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(
            options => options.To(silent, other).Timeout = TimeSpan.FromSeconds(10), time: _time);
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());
        await silent.NextRequestAsync();
        await _time.WhenDueAsync(due => due == TimeSpan.FromSeconds(10));

        _time.Advance(TimeSpan.FromSeconds(11));

        (await client.ReadAnswerAsync()).ShouldBeError(504, "upstream_timeout");
        other.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_attempt_after_a_pause_has_only_what_is_left_of_the_deadline()
    {
        var count = 0;
        await using var upstream = ScriptedUpstream.Start(connection => Interlocked.Increment(ref count) == 1
            ? connection.WriteJsonAsync("{}", 503, ("Retry-After", "4"))
            : connection.HangAsync());
        await using var gateway = await GatewayHost.StartAsync(
            upstream, options => options.Retries = 5, route => route.WithTimeout(TimeSpan.FromSeconds(10)), _time);
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());
        await _time.WhenDueAsync(due => due == TimeSpan.FromSeconds(4));
        _time.Advance(TimeSpan.FromSeconds(4));

        await _time.WhenDueAsync(due => due == TimeSpan.FromSeconds(6));
        _time.Advance(TimeSpan.FromSeconds(6));

        (await client.ReadAnswerAsync()).ShouldBeError(504, "upstream_timeout");
    }

    [Fact]
    public async Task The_apps_own_request_timeout_answers_504_and_releases_the_upstream()
    {
        await using var upstream = ScriptedUpstream.Start(connection => connection.HangAsync());
        await using var gateway = await GatewayHost.StartOnSocketAsync(
            options => options.To(upstream),
            route => route.WithRequestTimeout(TimeSpan.FromMilliseconds(200)),
            build: builder => builder.Services.AddRequestTimeouts(),
            use: app => app.UseRequestTimeouts());

        var answer = await gateway.SendAsync(Request.Post());

        (answer.Status, answer.End).ShouldBe((504, RawEnd.Complete));
        await upstream.Connections.ShouldHaveSingleItem().PeerClosed.SoonAsync();
        gateway.Logs.Entries.ShouldNotContain(entry => entry.EventId.Id == 1204, "the client did not leave");
    }

    [Fact]
    public async Task A_slow_client_is_not_taken_for_a_silent_upstream()
    {
        var length = 20_000_000;
        await using var upstream = ScriptedUpstream.Start(async connection =>
        {
            await connection.WriteHeadAsync(200, ("Content-Length", $"{length}"));
            await connection.WriteAsync(new byte[length]);
        });
        await using var gateway = await GatewayHost.StartAsync(upstream, time: _time);
        await using var client = await gateway.ConnectAsync();
        await client.SendAsync(Request.Post());
        await upstream.NextRequestAsync();
        await client.ReadUntilAsync("\r\n\r\n");
        await NothingIsDueAsync();

        _time.Advance(TimeSpan.FromHours(1));

        (await client.ReadUntilAsync(new string('\0', 1000))).Length.ShouldBe(1000);
        gateway.Logs.Entries.ShouldNotContain(entry => entry.EventId.Id == 1203);
    }

    // The client's buffers fill up; then the idle clock stands still.
    private async Task NothingIsDueAsync()
    {
        var ended = DateTime.UtcNow + Soon.Bound;
        for (var quiet = 0; quiet < 1_000; quiet = _time.DueTimes.Count == 0 ? quiet + 1 : 0)
        {
            DateTime.UtcNow.ShouldBeLessThan(ended);
            await Task.Yield();
        }
    }

    // What a client has sent so far; the rest never comes.
    private sealed class StalledUpload(byte[] sent) : MemoryStream(sent)
    {
        private readonly TaskCompletionSource _waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Waiting => _waiting.Task;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position == Length)
            {
                _waiting.TrySetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            }

            return await base.ReadAsync(buffer, cancellationToken);
        }
    }
}
