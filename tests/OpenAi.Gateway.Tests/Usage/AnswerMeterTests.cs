using System.Text;
using OpenAi.Gateway.Tests.Streams;

namespace OpenAi.Gateway.Tests.Usage;

public class AnswerMeterTests
{
    public static TheoryData<RecordedStream> Recorded => [.. RecordedStreams.All];

    [Theory]
    [MemberData(nameof(Recorded), DisableDiscoveryEnumeration = true)]
    public void A_stream_tells_the_same_wherever_it_is_cut(RecordedStream stream)
    {
        var random = new Random(13);
        var bytes = stream.With;
        var expected = Summary(stream.Operation, isEventStream: true, [bytes]);
        for (var run = 0; run < 1_000; run++)
        {
            Summary(stream.Operation, isEventStream: true, Chunks.Random(bytes, random)).ShouldBe(expected);
        }

        using var meter = Read(stream.Operation, isEventStream: true, [bytes]);
        meter.Reported.ShouldBe(stream.Usage);
    }

    [Theory]
    [InlineData("chat", "gpt-6-luna-2026-08-11 chatcmpl-Dq81YvKX default stop, 3 events, 66 bytes")]
    [InlineData("chat with a tool and several choices", "gpt-6-luna-2026-08-11 chatcmpl-Dq81YvKX default length tool_calls, 4 events, 25 bytes")]
    [InlineData("completion", "gpt-3.5-turbo-instruct cmpl-8aK  length, 2 events, 16 bytes")]
    [InlineData("response", "gpt-6-luna-2026-08-11 resp_68af default completed, 2 events, 24 bytes")]
    [InlineData("response that is cut short", "gpt-6-luna-2026-08-11 resp_68af default incomplete max_output_tokens, 2 events, 24 bytes")]
    [InlineData("chat of another server, with spaces, comments and names", "llama c-1  stop, 2 events, 2 bytes")]
    [InlineData("nothing but an error", "   , 0 events, 0 bytes")]
    public void A_stream_tells_of_itself(string name, string expected)
    {
        var stream = RecordedStreams.All.Single(stream => stream.Name == name);
        using var meter = Read(stream.Operation, isEventStream: true, [stream.With]);

        $"{meter.Model} {meter.Id} {meter.ServiceTier} {string.Join(' ', meter.FinishReasons)}, {meter.OutputEvents} events, {meter.OutputBytes} bytes".ShouldBe(expected);
        (meter.FirstTokenAt is not null).ShouldBe(meter.OutputEvents > 0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("data: {\"choices\":[],\"usage\":null}\n\n")]
    [InlineData("data: {\"choices\":[],\"usage\":{}}\n\n")]
    [InlineData("data: {\"choices\":[],\"usage\":{\"total_tokens\":9}}\n\n")]
    [InlineData("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":-1,\"completion_tokens\":\"3\"}}\n\n")]
    [InlineData("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1e99}}\n\n")]
    [InlineData("data: {\"choices\":[{\"usage\":{\"prompt_tokens\":1}}]}\n\n")]
    [InlineData("data: {\"choices\":[],\"x\":\"\\\"usage\\\":{\\\"prompt_tokens\\\":1}\"}\n\n")]
    [InlineData("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1\n\n")]
    [InlineData(": {\"usage\":{\"prompt_tokens\":1}}\n\n")]
    [InlineData("data: [{\"usage\":{\"prompt_tokens\":1}}\n\n")]
    public void What_is_no_usage_is_none(string stream)
    {
        using var meter = Read(ModelOperation.ChatCompletions, isEventStream: true, [Encoding.UTF8.GetBytes(stream)]);

        meter.Reported.ShouldBeNull();
    }

    [Fact]
    public void The_last_usage_wins_and_what_is_broken_takes_none_away()
    {
        const string stream = """
            data: {"usage":{"prompt_tokens":1,"completion_tokens":1}}

            data: {"usage":{"prompt_tokens":1,"completion_tokens":2}}

            data: {"usage":null}

            data: {"usage":{"prompt_tokens":7,
            """;
        using var meter = Read(ModelOperation.ChatCompletions, isEventStream: true, [Encoding.UTF8.GetBytes(stream)]);

        meter.Reported.ShouldBe(new TokenUsage(1, 2));
    }

    [Fact]
    public void The_first_token_is_not_the_first_event()
    {
        using var meter = new AnswerMeter(ModelOperation.ChatCompletions, isEventStream: true, isTraced: true, TimeProvider.System);

        meter.Append("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n: x\n\n"u8);
        (meter.FirstTokenAt is not null).ShouldBeFalse();
        meter.Append("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"u8);
        (meter.FirstTokenAt is not null).ShouldBeTrue();
    }

    [Fact]
    public void Garbage_never_throws()
    {
        var random = new Random(17);
        string[] pieces =
        [
            "data: ", "\n\n", "{", "}", "[", "]", "\"", "\\", "\"usage\"", "\"delta\"", "\"text\"", ":", ",", "null", "{\"prompt_tokens\":5}", "-", "1",
            "\"finish_reason\"", "\"model\":\"m\"", "\"choices\":[{", "\\ud800", "\uFEFF", "\"content\":\"x\"",
        ];
        foreach (var operation in Enum.GetValues<ModelOperation>())
        {
            for (var run = 0; run < 3_000; run++)
            {
                var text = string.Concat(Enumerable.Range(0, random.Next(30)).Select(_ => pieces[random.Next(pieces.Length)]));
                byte[] bytes = [.. Encoding.UTF8.GetBytes(text), (byte)random.Next(256), .. Encoding.UTF8.GetBytes(text)];
                Read(operation, isEventStream: true, Chunks.Random(bytes, random)).Dispose();
                Read(operation, isEventStream: false, Chunks.Random(bytes, random)).Dispose();
            }
        }
    }

    [Fact]
    public void Invalid_text_in_a_name_is_no_name()
    {
        byte[] answer = [.. "data: {\"model\":\""u8, 0xC3, 0x28, .. "\",\"usage\":{\"prompt_tokens\":1}}\n\ndata: {\"model\":\"\\ud800\"}\n\ndata: {\"id\":\"i\",\"model\":\"m\"}\n\n"u8];
        using var meter = Read(ModelOperation.ChatCompletions, isEventStream: true, [answer]);

        (meter.Model, meter.Id).ShouldBe(("m", "i"));
    }

    [Fact]
    public void An_event_costs_no_memory()
    {
        var chunk = RecordedStreams.All[0].With;
        using var meter = Read(ModelOperation.ChatCompletions, isEventStream: true, [chunk, chunk]);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 100; i++)
        {
            meter.Append(chunk.AsSpan(0, 700));
            meter.Append(chunk.AsSpan(700));
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(100);
    }

    private static string Summary(ModelOperation operation, bool isEventStream, IEnumerable<byte[]> chunks)
    {
        using var meter = Read(operation, isEventStream, chunks);
        return $"{meter.Reported} {meter.Model} {meter.Id} {meter.ServiceTier} {string.Join(' ', meter.FinishReasons)} {meter.OutputEvents} {meter.OutputBytes}";
    }

    private static AnswerMeter Read(ModelOperation operation, bool isEventStream, IEnumerable<byte[]> chunks)
    {
        var meter = new AnswerMeter(operation, isEventStream, isTraced: true, TimeProvider.System);
        foreach (var chunk in chunks)
        {
            meter.Append(chunk);
        }

        meter.Complete();
        return meter;
    }
}
