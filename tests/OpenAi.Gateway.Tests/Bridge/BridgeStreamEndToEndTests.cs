using OpenAi.Gateway.Tests.Forwarding;
using OpenAi.Gateway.Tests.Ledger;

namespace OpenAi.Gateway.Tests.Bridge;

/// <summary>Legacy streams, from the client to the upstream and back.</summary>
public sealed class BridgeStreamEndToEndTests
{
    private const string Done = "data: [DONE]\n\n";
    private const string LastChunk = "\r\n0\r\n\r\n";
    private const string Stream = ""","stream":true""";

    [Fact]
    public async Task Each_event_is_with_the_client_before_the_next_one_is_there()
    {
        await using var host = await BridgeHost.StartAsync();
        await using var client = await host.BeginAsync(BridgeHost.Body(Stream, "Hi"));
        var call = await host.Upstream.NextRequestAsync();

        await call.StartSseAsync();
        (await client.ReadUntilAsync("\r\n\r\n")).ShouldContain("X-Upstream-Model: gpt-test\r\n");
        await call.WriteChunkAsync(": keep-alive\n\n");
        await client.ReadUntilAsync(": keep-alive\n\n");
        foreach (var text in new[] { "a", "b", "c" })
        {
            await call.WriteEventAsync(BridgeHost.Chunk(text));
            await client.ReadUntilAsync(BridgeHost.LegacyChunk(text));
        }

        await call.WriteEventAsync("[DONE]");
        await client.ReadUntilAsync(Done);
        await call.EndChunksAsync();
        (await client.ReadUntilAsync(LastChunk)).ShouldBe(LastChunk);
        call.Request.Text.ShouldBe("""{"model":"gpt-test","max_completion_tokens":16,"stream":true,"messages":[{"role":"user","content":"Hi"}]}""");
    }

    [Fact]
    public async Task Several_prompts_share_one_stream()
    {
        await using var host = await BridgeHost.StartAsync();
        await using var client = await host.BeginAsync(BridgeHost.Body(Stream + ""","stream_options":{"include_usage":true}""", "a", "bb"));
        var calls = await host.Upstream.CallsAsync("a", "bb");
        const string Null = ""","usage":null""";

        await calls[1].StartSseAsync();
        await calls[0].StartSseAsync();
        await calls[1].WriteEventAsync(BridgeHost.Chunk("x"));
        await client.ReadUntilAsync(BridgeHost.LegacyChunk("x", 1, more: Null));
        await calls[0].WriteEventAsync(BridgeHost.Chunk("y", "\"stop\""));
        await client.ReadUntilAsync(BridgeHost.LegacyChunk("y", 0, "\"stop\"", Null));
        await calls[0].WriteEventAsync(BridgeHost.UsageChunk("a"));
        await calls[0].WriteEventAsync("[DONE]");
        await calls[0].EndChunksAsync();
        await calls[1].WriteEventAsync(BridgeHost.Chunk("z", "\"stop\""));
        await client.ReadUntilAsync(BridgeHost.LegacyChunk("z", 1, "\"stop\"", Null));
        await calls[1].WriteEventAsync(BridgeHost.UsageChunk("bb"));
        await calls[1].WriteEventAsync("[DONE]");
        await calls[1].EndChunksAsync();

        (await client.ReadUntilAsync(LastChunk)).ShouldEndWith(
            """data: {"id":"cmpl-1","object":"text_completion","created":7,"model":"text-davinci-003","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"""
            + "\n\n" + Done + LastChunk);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData(""","stream_options":{"include_usage":true}""", true)]
    public async Task Usage_is_metered_always_and_told_only_when_asked_for(string asked, bool isTold)
    {
        var sink = new LedgerSink();
        await using var host = await BridgeHost.StartAsync(sink, BridgeHost.StreamAsync);

        var answer = await host.AskAsync(BridgeHost.Body(Stream + asked, "a", "bb"));

        (answer.Status, answer.Text.Contains("usage", StringComparison.Ordinal)).ShouldBe((200, isTold));
        answer.Text.ShouldEndWith(Done);
        await sink.WhenAsync(1);
        var record = sink.Records.Single();
        (record.AskedModel, record.SentModel, record.AnsweredModel).ShouldBe((BridgeHost.Legacy, BridgeHost.Chat, BridgeHost.Chat + "-2026"));
        (record.Usage.Input, record.Usage.Output, record.IsEstimated, record.IsStreamed, record.Attempts).ShouldBe((3, 4, false, true, 2));
        (record.Operation, record.Ending, record.Status).ShouldBe((ModelOperation.Completions, UsageEnding.Ok, 200));
    }

    [Theory]
    [InlineData(Stream)]
    [InlineData("")]
    public async Task Without_a_count_each_prompt_is_estimated_once(string form)
    {
        var sink = new LedgerSink();
        var prompts = new[] { new string('a', 400), new string('b', 40) };
        await using var host = await BridgeHost.StartAsync(sink, async call =>
        {
            if (form.Length == 0)
            {
                await call.WriteJsonAsync("""{"choices":[{"index":0,"message":{"content":"12345678"}}]}""");
                return;
            }

            await call.StartSseAsync();
            await call.WriteEventAsync(BridgeHost.Chunk("12345678"));
            await call.WriteEventAsync("[DONE]");
            await call.EndChunksAsync();
        });

        (await host.AskAsync(BridgeHost.Body(form, prompts))).Status.ShouldBe(200);

        await sink.WhenAsync(1);
        var record = sink.Records.Single();
        (record.Usage.Input, record.Usage.Output, record.IsEstimated).ShouldBe((110, 4, true));
    }

    [Fact]
    public async Task An_error_of_one_call_ends_the_stream_and_the_other_calls()
    {
        await using var host = await BridgeHost.StartAsync();
        await using var client = await host.BeginAsync(BridgeHost.Body(Stream, "a", "b"));
        var calls = await host.Upstream.CallsAsync("a", "b");
        await calls[0].StartSseAsync();
        await calls[1].StartSseAsync();
        await calls[0].WriteEventAsync(BridgeHost.Chunk("x"));
        await client.ReadUntilAsync(BridgeHost.LegacyChunk("x"));

        await calls[1].WriteChunkAsync("data: {\"error\":{\"message\":\"m\",\"param\":\"messages\"}}\n\ndata: [DONE]\n\n");

        await calls[0].PeerClosed.SoonAsync();
        (await client.ReadUntilAsync(LastChunk)).ShouldEndWith("data: {\"error\":{\"message\":\"m\",\"param\":\"prompt\"}}\n\n" + LastChunk);
    }

    [Fact]
    public async Task What_is_no_chats_event_breaks_the_stream_off_and_ends_the_other_calls()
    {
        await using var host = await BridgeHost.StartAsync();
        await using var client = await host.BeginAsync(BridgeHost.Body(Stream, "a", "b"));
        var calls = await host.Upstream.CallsAsync("a", "b");
        await calls[0].StartSseAsync();
        await calls[1].StartSseAsync();

        await calls[1].WriteEventAsync("""{"object":"something else"}""");

        await calls[0].PeerClosed.SoonAsync();
        var answer = await client.ReadAnswerAsync();
        answer.End.ShouldNotBe(RawEnd.Complete);
        answer.Text.ShouldStartWith("event: error\ndata: ");
        answer.Text.ShouldNotContain("something else");
        answer.Text.ShouldNotContain("[DONE]");
    }

    [Fact]
    public async Task A_stream_that_ends_without_its_end_looks_broken()
    {
        await using var host = await BridgeHost.StartAsync(async call =>
        {
            await call.StartSseAsync();
            await call.WriteEventAsync(BridgeHost.Chunk("a", "\"stop\""));
            await call.EndChunksAsync();
        });
        await using var client = await host.BeginAsync(BridgeHost.Body(Stream, "a"));

        var answer = await client.ReadAnswerAsync();

        answer.End.ShouldNotBe(RawEnd.Complete);
        answer.Text.ShouldStartWith(BridgeHost.LegacyChunk("a", 0, "\"stop\"") + "event: error\n");
        answer.Text.ShouldNotContain("[DONE]");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stream_cut_at_any_byte_never_looks_whole(bool withReset)
    {
        string[] texts = [.. Enumerable.Range(0, 8).Select(number => $"text {number} [DONE]")];
        var events = string.Concat(texts.Select(text => $"data: {BridgeHost.Chunk(text)}\n\n"))
            + $": keep-alive\n\ndata: {BridgeHost.Chunk("", "\"stop\"")}\n\n" + Done;
        var whole = string.Concat(texts.Select(text => BridgeHost.LegacyChunk(text))) + ": keep-alive\n\n" + BridgeHost.LegacyChunk("", 0, "\"stop\"");
        await using var host = await BridgeHost.StartAsync(async call =>
        {
            var cut = int.Parse(BridgeHost.PromptOf(call), System.Globalization.CultureInfo.InvariantCulture);
            await call.StartSseAsync();
            await call.WriteChunkAsync(events[..cut]);
            if (withReset)
            {
                call.Reset();
            }
            else
            {
                call.Close();
            }
        });

        // Behind the last byte of [DONE] nothing is missing.
        await Parallel.ForAsync(1, events.Length - 2, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (cut, _) =>
        {
            await using var client = await host.BeginAsync(BridgeHost.Body(Stream, $"{cut}"));
            var answer = await client.ReadAnswerAsync();

            var context = $"cut at {cut}: {answer.End} {answer.RawText}";
            answer.End.ShouldNotBe(RawEnd.Complete, context);
            if (answer.Status == 502)
            {
                return;
            }

            answer.Text.ShouldNotContain("[DONE]\n", customMessage: context);
            var error = answer.Text.IndexOf("event: error\n", StringComparison.Ordinal);
            var told = error < 0 ? answer.Text : answer.Text[..error];
            whole.StartsWith(told, StringComparison.Ordinal).ShouldBeTrue(context);
            (told.Length == 0 || told.EndsWith("\n\n", StringComparison.Ordinal)).ShouldBeTrue(context);
        });
    }

    [Fact]
    public async Task Comments_that_are_cut_join_no_event()
    {
        await using var host = await BridgeHost.StartAsync(async call =>
        {
            await call.StartSseAsync();
            await call.WriteChunkAsync(": keep");
            await call.EndChunksAsync();
        });
        await using var client = await host.BeginAsync(BridgeHost.Body(Stream, "a"));

        (await client.ReadAnswerAsync()).Text.ShouldStartWith("event: error\n");
    }
}
