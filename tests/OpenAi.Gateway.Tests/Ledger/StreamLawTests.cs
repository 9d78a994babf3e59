using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using OpenAi.Gateway.Tests.Streams;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>Streams through the whole gateway: to the client they are what they would be without it, and their usage is what they tell.</summary>
public sealed class StreamLawTests
{
    private const int Splits = 100;

    public static TheoryData<RecordedStream> EventByEvent =>
        [.. RecordedStreams.All.Where(stream => stream.Text.EndsWith("\n\n", StringComparison.Ordinal) && !stream.Text.Contains('\r') && !stream.Text.StartsWith('\uFEFF'))];

    [Fact]
    public async Task Wherever_a_stream_is_split_the_client_gets_its_bytes_and_the_record_its_usage()
    {
        await using var host = await MeteredHost.StartAsync(AnswerInPiecesAsync);
        var streams = RecordedStreams.All;
        var calls = (from stream in Enumerable.Range(0, streams.Count) from split in Enumerable.Range(0, Splits) from asks in new[] { false, true } select (stream, split, asks)).ToArray();
        var expected = new ConcurrentDictionary<string, TokenUsage?>();

        await Parallel.ForEachAsync(calls, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (call, _) =>
        {
            var stream = streams[call.stream];
            var name = $"{call.stream}-{call.split}-{call.asks}";
            expected[name] = stream.Usage;
            using var answer = await host.SendAsync(Ask(name, call.asks), path: PathOf(stream), headers: [("X-Stream", $"{call.stream}"), ("X-Seed", $"{call.split}")], leave: CancellationToken.None);
            var body = await answer.Content.ReadAsByteArrayAsync(CancellationToken.None).SoonAsync();
            body.AsSpan().SequenceEqual(call.asks ? stream.With : stream.Without).ShouldBeTrue($"{stream} {name}: {Encoding.UTF8.GetString(body)}");
        });

        await host.Sink.WhenAsync(calls.Length);
        host.Sink.Records.Count.ShouldBe(calls.Length);
        foreach (var record in host.Sink.Records)
        {
            var usage = expected[record.AskedModel!];
            record.IsEstimated.ShouldBe(usage is null, $"{record}");
            (usage is null || record.Usage == usage).ShouldBeTrue($"{record}");

            // The one that tells no usage tells nothing but an error.
            (record.Ending, record.IsStreamed).ShouldBe((usage is null ? UsageEnding.UpstreamError : UsageEnding.Ok, true), $"{record}");
        }
    }

    [Theory]
    [MemberData(nameof(EventByEvent), DisableDiscoveryEnumeration = true)]
    public async Task Each_event_reaches_the_client_before_the_next_is_sent(RecordedStream stream)
    {
        var steps = Steps(stream.Text);
        var received = new SemaphoreSlim(0);
        await using var host = await MeteredHost.StartAsync(async context =>
        {
            await context.WriteEventsAsync(""); // the head
            var sent = 0;
            foreach (var (with, _) in steps)
            {
                (await received.WaitAsync(Soon.Bound)).ShouldBeTrue();
                await context.WriteEventsAsync(stream.With.AsMemory(sent, with - sent));
                sent = with;
            }
        });

        using var answer = await host.SendAsync(Ask("m", asks: false), path: PathOf(stream));
        using var body = await answer.Content.ReadAsStreamAsync();
        var all = new byte[stream.Without.Length];
        var read = 0;
        foreach (var (_, without) in steps)
        {
            received.Release();
            await body.ReadExactlyAsync(all.AsMemory(read, without - read)).AsTask().SoonAsync($"{without} bytes");
            read = without;
        }

        (await body.ReadAsync(new byte[1])).ShouldBe(0);
        all.ShouldBe(stream.Without);
    }

    private static async Task AnswerInPiecesAsync(HttpContext context)
    {
        using var question = await JsonDocument.ParseAsync(context.Request.Body);
        var isAsked = question.RootElement.TryGetProperty("stream_options", out var options) && options.GetProperty("include_usage").GetBoolean();
        var stream = RecordedStreams.All[int.Parse(context.Request.Headers["X-Stream"]!, CultureInfo.InvariantCulture)];
        var random = new Random(int.Parse(context.Request.Headers["X-Seed"]!, CultureInfo.InvariantCulture));
        foreach (var piece in Chunks.Random(isAsked ? stream.With : stream.Without, random))
        {
            await context.WriteEventsAsync(piece);
        }
    }

    private static string Ask(string model, bool asks) =>
        $$"""{"model":"{{model}}","stream":true{{(asks ? ",\"stream_options\":{\"include_usage\":true}" : "")}}}""";

    private static string PathOf(RecordedStream stream) => stream.Operation switch
    {
        ModelOperation.Responses => "responses",
        ModelOperation.Completions => "completions",
        _ => "chat/completions",
    };

    // How many bytes the upstream has sent, and the client should have, at the end of each event.
    private static List<(int With, int Without)> Steps(string text)
    {
        var steps = new List<(int, int)>();
        var (with, without, isAdded) = (0, 0, false);
        for (var index = 0; index < text.Length; index++)
        {
            if (text[index] is '⟦' or '⟧')
            {
                isAdded = text[index] == '⟦';
                continue;
            }

            var size = Encoding.UTF8.GetByteCount(text.AsSpan(index, 1));
            with += size;
            without += isAdded ? 0 : size;
            if (text[index] == '\n' && index > 0 && text[index - 1] == '\n')
            {
                steps.Add((with, without));
            }
        }

        return steps;
    }
}
