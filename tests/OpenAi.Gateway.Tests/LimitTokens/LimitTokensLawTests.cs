using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using OpenAi.Gateway.Tests.Models;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.LimitTokens;

/// <summary>No tokens beyond the limit, and none that stay reserved, however calls end.</summary>
public class LimitTokensLawTests
{
    private const int Calls = 1_000;
    private const long Most = 20_000;

    [Theory]
    [InlineData(WhenMaxUnknown.Estimate)]
    [InlineData(WhenMaxUnknown.InjectCap)]
    public async Task Of_a_thousand_parallel_calls_none_takes_tokens_beyond_the_limit(WhenMaxUnknown whenUnknown)
    {
        var taken = new ConcurrentBag<long>();
        await using var host = await TokenHost.StartAsync(
            limit => (limit.Count, limit.WhenMaxUnknown, limit.DefaultMaxOutputTokens) = (Most, whenUnknown, 100),
            connection => AnswerAsync(connection, taken));

        var answers = await Task.WhenAll(Enumerable.Range(0, Calls).Select(call =>
            host.AskAsync(whenUnknown == WhenMaxUnknown.InjectCap && call % 2 == 0 ? """{"model":"m"}""" : TokenHost.Body(50 + (call % 200), $""","stream":{(call % 3 == 0 ? "true" : "false")}"""))));

        taken.Sum().ShouldBeInRange(1, Most);
        answers.Count(answer => answer.Status == 200).ShouldBe(taken.Count);
        answers.Count(answer => answer.Status == 429).ShouldBe(Calls - taken.Count);
        answers.ShouldContain(answer => answer.Status == 429);
        await host.ShouldCountAsync(taken.Sum());
    }

    [Fact]
    public async Task Nothing_stays_reserved_when_a_thousand_calls_end_in_every_way()
    {
        var taken = new ConcurrentBag<long>();
        var turn = 0;
        await using var host = await TokenHost.StartAsync(
            limit => limit.Count = long.MaxValue / 4,
            connection => (Interlocked.Increment(ref turn) % 4) switch
            {
                0 => connection.WriteJsonAsync("""{"error":{"message":"no"}}""", 400),
                1 => connection.WriteJsonAsync("""{"error":{"message":"busy"}}""", 500, ("x-should-retry", "false")),
                2 => ResetAsync(connection),
                _ => AnswerAsync(connection, taken),
            },
            route => route.WithRetries(0).UseLimitTokens(limit => TokenHost.Of(limit, Most).Group = "narrow"));

        await Task.WhenAll(Enumerable.Range(0, Calls).Select(call => host.AskAsync(TokenHost.Body(50 + (call % 200)))));

        await host.ShouldCountAsync(taken.Sum());
        (await host.CountedAsync("tokens:group:narrow:key")).ShouldBe(taken.Sum());
    }

    [Theory]
    [InlineData("before the head")]
    [InlineData("before the first token")]
    [InlineData("after the first token")]
    public async Task What_a_client_that_leaves_did_not_get_is_given_back(string when)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await TokenHost.StartAsync(_ => { }, async connection =>
        {
            if (when != "before the head")
            {
                await connection.StartSseAsync();
                await connection.WriteEventAsync("""{"model":"m","choices":[{"delta":{"role":"assistant"}}]}""");
            }

            if (when == "after the first token")
            {
                await connection.WriteEventAsync("""{"model":"m","choices":[{"delta":{"content":"12345678"}}]}""");
            }

            reached.SetResult();
            await connection.HangAsync();
        });
        await using var client = host.Server.Connect();
        var body = TokenHost.Body(500, ",\"stream\":true");
        await client.SendAsync($"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        await reached.Task.SoonAsync("the call to the upstream");
        if (when != "before the head")
        {
            await client.ReadUntilAsync(when == "before the first token" ? "assistant" : "12345678");
        }

        (await host.CountedAsync()).ShouldBeGreaterThan(500);
        client.Reset();

        // Nobody said what it took: an estimate of the request and of what has come.
        const int Input = 8;
        await host.ShouldCountAsync(when switch { "before the head" => 0, "before the first token" => Input, _ => Input + 2 });
    }

    [Fact]
    public async Task An_answer_that_is_cut_counts_as_far_as_it_came()
    {
        await using var host = await TokenHost.StartAsync(_ => { }, async connection =>
        {
            await connection.StartSseAsync();
            await connection.WriteEventAsync("""{"model":"m","choices":[{"delta":{"content":"1234567890123456"}}]}""");
            connection.Close();
        });

        await Should.ThrowAsync<HttpRequestException>(() => host.AskAsync(TokenHost.Body(500, ",\"stream\":true")));

        await host.ShouldCountAsync(8 + 4);
    }

    [Fact]
    public async Task An_estimate_of_a_cut_answer_is_no_more_than_all_that_the_request_may_take()
    {
        await using var host = await TokenHost.StartAsync(limit => limit.Counts = CountedTokens.Output, async connection =>
        {
            await connection.StartSseAsync();
            await connection.WriteEventAsync("""{"model":"m","choices":[{"delta":{"content":"1234567890123456"}}]}""");
            connection.Close();
        });

        await Should.ThrowAsync<HttpRequestException>(() => host.AskAsync(TokenHost.Body(3, ",\"stream\":true")));

        await host.ShouldCountAsync(3);
    }

    [Fact]
    public async Task What_was_reported_counts_in_full_though_an_attempt_before_it_broke_off()
    {
        var attempts = 0;
        await using var host = await TokenHost.StartAsync(
            limit => limit.DefaultMaxOutputTokens = 10,
            connection => Interlocked.Increment(ref attempts) == 1 ? ResetAsync(connection) : connection.WriteJsonAsync(TokenHost.Usage(100, 400)),
            route => route.WithRetries(1));
        var asking = host.AskAsync("""{"model":"m"}""");
        await host.Time.WhenDueAsync(left => left < TimeSpan.FromSeconds(1));
        host.Time.Advance(TimeSpan.FromSeconds(1));

        (await asking).Status.ShouldBe(200);

        await host.ShouldCountAsync(500);
    }

    [Fact]
    public async Task An_upstream_that_never_answers_costs_nothing()
    {
        await using var host = await TokenHost.StartAsync(_ => { }, connection => connection.HangAsync(), route => route.WithRetries(0).WithTimeout(TimeSpan.FromSeconds(7)));
        var asking = host.AskAsync(TokenHost.Body(500));
        await host.Time.WhenDueAsync(left => left == TimeSpan.FromSeconds(7));
        (await host.CountedAsync()).ShouldBeGreaterThan(500);

        host.Time.Advance(TimeSpan.FromSeconds(7));

        (await asking).Status.ShouldBe(504);
        await host.ShouldCountAsync(0);
    }

    [Fact]
    public async Task An_exception_gives_all_back()
    {
        await using var host = await TokenHost.StartAsync(_ => { }, route: route => route.TransformRequest((_, _) => throw new InvalidOperationException("broken")));

        (await host.AskAsync(TokenHost.Body(500))).Status.ShouldBe(500);

        await host.ShouldCountAsync(0);
    }

    [Fact]
    public async Task A_call_in_the_background_keeps_what_it_reserved()
    {
        await using var host = await TokenHost.StartAsync(
            _ => { }, connection => connection.WriteJsonAsync("""{"object":"response","status":"queued","usage":null}"""));

        var answer = await host.AskAsync("""{"model":"m","background":true,"max_output_tokens":500}""", "/v1/responses");

        answer.Status.ShouldBe(200);
        await host.ShouldCountAsync(1_000 - long.Parse(answer.TokenQuota().Remaining!, CultureInfo.InvariantCulture));
    }

    // Takes some of what the request allows, and says so.
    private static async Task AnswerAsync(UpstreamConnection connection, ConcurrentBag<long> taken)
    {
        using var request = JsonDocument.Parse(connection.Request.Body);
        var fields = request.RootElement;
        var most = (fields.TryGetProperty("max_tokens", out var max) ? max : fields.GetProperty("max_completion_tokens")).GetInt64();
        var (input, output) = (Random.Shared.NextInt64(1, 7), Random.Shared.NextInt64(0, most + 1));
        taken.Add(input + output);
        if (fields.TryGetProperty("stream", out var stream) && stream.GetBoolean())
        {
            await connection.StartSseAsync();
            await connection.WriteEventAsync("""{"model":"m","choices":[{"delta":{"content":"x"}}],"usage":null}""");
            await connection.WriteEventAsync($$$"""{"model":"m","choices":[],"usage":{"prompt_tokens":{{{input}}},"completion_tokens":{{{output}}}}}""");
            await connection.WriteEventAsync("[DONE]");
            await connection.EndChunksAsync();
            return;
        }

        await connection.WriteJsonAsync(TokenHost.Usage(input, output));
    }

    private static Task ResetAsync(UpstreamConnection connection)
    {
        connection.Reset();
        return Task.CompletedTask;
    }
}
