using System.Globalization;
using System.Text;
using OpenAi.Gateway.Tests.Streams;

namespace OpenAi.Gateway.Tests.Usage;

public class JsonAnswerTests
{
    private const string ChatAnswer = """
        {
          "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-6-luna",
          "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "Grüße \"usage\": {}", "refusal": null, "annotations": [{"text": "no"}]}, "logprobs": null, "finish_reason": "stop"},
            {"index": 1, "message": {"role": "assistant", "content": null, "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}]}, "finish_reason": "tool_calls"}
          ],
          "usage": {"prompt_tokens": 1219, "completion_tokens": 87, "total_tokens": 1306, "prompt_tokens_details": {"cached_tokens": 1024, "cache_write_tokens": 64}, "completion_tokens_details": {"reasoning_tokens": 64}},
          "service_tier": "flex"
        }
        """;

    private const string ResponseAnswer = """
        {"id":"resp_1","object":"response","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"model":"gpt-6-luna",
        "output":[{"id":"rs_1","type":"reasoning","summary":[]},{"id":"msg_1","type":"message","content":[{"type":"output_text","annotations":[],"text":"Hello"}]}],
        "text":{"format":{"type":"text"}},"service_tier":"default","usage":{"input_tokens":328,"input_tokens_details":{"cached_tokens":256},"output_tokens":52,"output_tokens_details":{"reasoning_tokens":40},"total_tokens":380}}
        """;

    private const string CompletionAnswer =
        """{"id":"cmpl-1","model":"instruct","choices":[{"text":"\n\nBuy","index":0,"logprobs":null,"finish_reason":"length"}],"usage":{"prompt_tokens":7,"completion_tokens":16}}""";

    private const string EmbeddingAnswer =
        """{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.0023,-0.0093]}],"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}}""";

    [Theory]
    [InlineData(ModelOperation.ChatCompletions, ChatAnswer, "TokenUsage { Input = 1219, Output = 87, CachedInput = 1024, CacheWriteInput = 64, Reasoning = 64, Total = 1306 } gpt-6-luna chatcmpl-1 flex stop,tool_calls 30")]
    [InlineData(ModelOperation.Responses, ResponseAnswer, "TokenUsage { Input = 328, Output = 52, CachedInput = 256, CacheWriteInput = 0, Reasoning = 40, Total = 380 } gpt-6-luna resp_1 default incomplete,max_output_tokens 5")]
    [InlineData(ModelOperation.Completions, CompletionAnswer, "TokenUsage { Input = 7, Output = 16, CachedInput = 0, CacheWriteInput = 0, Reasoning = 0, Total = 23 } instruct cmpl-1  length 7")]
    [InlineData(ModelOperation.Embeddings, EmbeddingAnswer, "TokenUsage { Input = 8, Output = 0, CachedInput = 0, CacheWriteInput = 0, Reasoning = 0, Total = 8 } text-embedding-3-small    0")]
    public void It_tells_of_itself_wherever_it_is_cut(ModelOperation operation, string answer, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(answer);
        for (var size = 1; size <= bytes.Length; size += 1 + (size / 8))
        {
            using var meter = Read(bytes.Chunk(size), operation);
            $"{meter.Reported} {meter.Model} {meter.Id} {meter.ServiceTier} {string.Join(',', meter.FinishReasons)} {meter.OutputBytes}".ShouldBe(expected);
        }
    }

    [Theory]
    [InlineData(""" "prompt_tokens_details":{"cached_tokens":3} """, 3, 0)]
    [InlineData(""" "prompt_cache_hit_tokens":3,"prompt_cache_miss_tokens":7 """, 3, 0)]
    [InlineData(""" "prompt_tokens_details":{"cached_tokens":3},"prompt_cache_hit_tokens":3,"prompt_cache_miss_tokens":7 """, 3, 0)]
    [InlineData(""" "cached_tokens":3 """, 3, 0)]
    [InlineData(""" "prompt_tokens_details":{"cached_tokens":3,"cache_write_tokens":4} """, 3, 4)]
    [InlineData(""" "prompt_tokens_details":{"cached_tokens":3},"cache_creation_input_tokens":4 """, 3, 4)]
    [InlineData(""" "prompt_tokens_details":null """, 0, 0)]
    public void What_the_upstreams_cache_had_or_was_given_is_known_by_each_of_its_names(string details, long cached, long written)
    {
        var bytes = Encoding.UTF8.GetBytes($$$"""{"model":"m","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":2,"total_tokens":12,{{{details}}}}}""");
        using var meter = Read(bytes.Chunk(5));

        meter.Reported.ShouldBe(new TokenUsage(10, 2, cached, written));
    }

    [Theory]
    [InlineData(""" "prompt_tokens":32,"completion_tokens":9,"total_tokens":135,"completion_tokens_details":{"reasoning_tokens":94} """, 32, 103, 94)]
    [InlineData(""" "completion_tokens":424,"prompt_tokens":20,"total_tokens":1016 """, 20, 996, 0)]
    [InlineData(""" "total_tokens":1016,"completion_tokens":0,"prompt_tokens":20 """, 20, 996, 0)]
    [InlineData(""" "input_tokens":5,"output_tokens":6,"total_tokens":11 """, 5, 6, 0)]
    [InlineData(""" "prompt_tokens":5,"completion_tokens":6,"total_tokens":0 """, 5, 6, 0)]
    [InlineData(""" "prompt_tokens":5,"completion_tokens":6,"total_tokens":null """, 5, 6, 0)]
    [InlineData(""" "prompt_tokens":5,"total_tokens":8 """, 5, 3, 0)]
    [InlineData(""" "prompt_tokens":5,"completion_tokens":null,"total_tokens":8 """, 5, 3, 0)]
    public void Reasoning_that_only_the_total_counts_is_output(string usage, long input, long output, long reasoning)
    {
        var bytes = Encoding.UTF8.GetBytes($$$"""{"model":"m","choices":[],"usage":{{{{usage}}}}}""");
        using var meter = Read(bytes.Chunk(5));

        meter.Reported.ShouldBe(new TokenUsage(input, output, Reasoning: reasoning));
    }

    [Theory]
    [InlineData(""" "prompt_tokens":5,"total_tokens":8 """, 5)]
    [InlineData(""" "total_tokens":8 """, 8)]
    public void Embeddings_have_no_output_whatever_the_total_is(string usage, long input)
    {
        using var meter = Read(Encoding.UTF8.GetBytes($$$"""{"data":[],"model":"m","usage":{{{{usage}}}}}""").Chunk(5), ModelOperation.Embeddings);

        meter.Reported.ShouldBe(new TokenUsage(input, 0));
    }

    [Theory]
    [InlineData(ChatAnswer)]
    [InlineData(ResponseAnswer)]
    [InlineData(CompletionAnswer)]
    [InlineData(EmbeddingAnswer)]
    [InlineData("""{"id":"1","usage":{"prompt_tokens":1},"model":"m","choices":[]}""")]
    [InlineData("""{"choices":[],"usage":{"prompt_tokens":1},"model":"m","service_tier":"flex"}""")]
    [InlineData("""{"model":"m","choices":[],"service_tier":"flex","data":[{"service_tier":"no"}],"usage":{"prompt_tokens":1}}""")]
    [InlineData("""{"model":"m","choices":[],"usage":{"prompt_tokens":1},"tools":[{"usage":{"prompt_tokens":0}}]}""")]
    [InlineData("""{"model":"m","tools":[{"properties":{"usage":{"prompt_tokens":0}}}]}""")]
    [InlineData("""{"tools":[{"model":"no"}],"usage":{"prompt_tokens":1}}""")]
    [InlineData("""{"model":"m","choices":[{"text":"a \"usage"}],"usage":{"prompt_tokens":1},"x\"usage":{"prompt_tokens":0}}""")]
    [InlineData("""{"model":"m","choices":[{"text":"four words of text"}],"usage":null}""")]
    [InlineData("""{"model":"m","choices":[{"text":"four words of text"}],"us\u0061ge":{"prompt_tokens":1}}""")]
    [InlineData("""{"model":"m","choices":[],"usage":{"prompt_tokens":1}}""" + "\r\n ")]
    [InlineData("""{"model":"m","choices":[],"usage":{"prompt_tokens":1}}]""")]
    [InlineData("""{"model":"m","choices":[],"usage":{"prompt_tokens":1}""")]
    [InlineData("""[{"model":"m","usage":{"prompt_tokens":1}}]""")]
    [InlineData("\"usage\"")]
    [InlineData("{\"usage\"")]
    [InlineData("{}")]
    [InlineData("")]
    public void One_that_is_whole_tells_the_same(string answer) => CompareWhole(answer);

    [Fact]
    public void One_that_is_whole_tells_the_same_whatever_its_members_are()
    {
        var random = new Random(4);
        for (var i = 0; i < 5_000; i++)
        {
            CompareWhole(RandomObject(random, depth: 0));
        }
    }

    private static string RandomObject(Random random, int depth)
    {
        string[] names = ["usage", "model", "service_tier", "choices", "data", "response", "prompt_tokens", "text", "\\\"usage", "us\\u0061ge"];
        random.Shuffle(names);
        var members = names.Take(random.Next(names.Length)).Select(name => $"\"{name}\":{RandomValue(random, name, depth)}");
        return $"{{{string.Join(random.Next(2) == 0 ? "," : " , ", members)}}}";
    }

    private static string RandomValue(Random random, string name, int depth) => random.Next(depth > 3 ? 4 : 7) switch
    {
        0 => random.Next(1000).ToString(CultureInfo.InvariantCulture),
        1 => $"\"{name} {random.Next(10)}\"",
        2 => random.Next(2) == 0 ? "null" : "\"a \\\"usage\"",
        3 => $"{{\"prompt_tokens\":{random.Next(1000)},\"completion_tokens\":1}}",
        4 => $"[{RandomObject(random, depth + 1)},{{\"text\":\"some {{words\"}}]",
        _ => RandomObject(random, depth + 1),
    };

    private static void CompareWhole(string answer)
    {
        var bytes = Encoding.UTF8.GetBytes(answer);
        using var whole = new AnswerMeter(ModelOperation.ChatCompletions, isEventStream: false, isTraced: false, TimeProvider.System);
        whole.ReadWhole(bytes);
        using var passing = Read(bytes.Chunk(3));

        (whole.Reported, whole.Model, whole.ServiceTier).ShouldBe((passing.Reported, passing.Model, passing.ServiceTier), answer);
        (whole.Reported is null ? whole.OutputBytes : 0).ShouldBe(whole.Reported is null ? passing.OutputBytes : 0);
    }

    [Theory]
    [InlineData("{\"usage\":null}")]
    [InlineData("{\"usage\":{\"prompt_tokens\":1")]
    [InlineData("{\"data\":{\"usage\":{\"prompt_tokens\":1}}}")]
    [InlineData("{\"a\":\"\\\"usage\\\":{\"}")]
    [InlineData("<html>usage</html>")]
    [InlineData("")]
    public void What_is_no_usage_is_none(string answer)
    {
        using var meter = Read(Encoding.UTF8.GetBytes(answer).Chunk(3));

        (meter.Reported, (meter.FirstTokenAt is not null)).ShouldBe((null, false));
    }

    [Theory]
    [InlineData("10.0", "5", 10, 5)]
    [InlineData("1e1", "5.00", 10, 5)]
    [InlineData("10", "null", 10, 0)]
    public void A_count_may_be_written_as_a_decimal_or_be_left_out(string input, string output, long expectedInput, long expectedOutput) =>
        WithCounts(input, output).ShouldBe(new TokenUsage(expectedInput, expectedOutput));

    [Theory]
    [InlineData("\"10\"")]
    [InlineData("-10")]
    [InlineData("10.5")]
    [InlineData("9223372036854775808")]
    [InlineData("1e99")]
    [InlineData("true")]
    public void A_count_that_cannot_be_read_is_not_taken_for_none(string count)
    {
        WithCounts(count, "5").ShouldBeNull();
        WithCounts("10", count).ShouldBeNull();
    }

    [Fact]
    public void A_usage_without_input_is_none() => WithCounts("null", "5").ShouldBeNull();

    [Fact]
    public void A_name_that_is_no_Unicode_hides_nothing_behind_it()
    {
        using var meter = Read(Encoding.UTF8.GetBytes("""{"x":{"\ud800":1},"usage":{"prompt_tokens":1}}""").Chunk(3));

        meter.Reported.ShouldBe(new TokenUsage(1, 0));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("\\\\")]
    [InlineData("\\\"")]
    [InlineData("ü\\n,:{}")]
    [InlineData("\\u4e2d")]
    public void A_long_text_is_counted_but_not_kept(string piece)
    {
        var text = string.Concat(Enumerable.Repeat(piece, 50_000));
        var bytes = Encoding.UTF8.GetBytes("{\"x\": \"" + text + "\" , \"choices\" : [ {\"message\": {\"content\" :\"" + text + "\"}}], \"usage\":{\"prompt_tokens\":1}, \"model\": \"m\"}");
        foreach (var size in (int[])[1, 7, 4096, 5000, bytes.Length])
        {
            using var meter = Read(bytes.Chunk(size));

            (meter.Reported, meter.Model).ShouldBe((new TokenUsage(1, 0), "m"), $"in chunks of {size}");
            meter.OutputBytes.ShouldBe(Encoding.UTF8.GetByteCount(text.Replace("\\u4e2d", "中")), $"in chunks of {size}");
        }
    }

    [Fact]
    public void Long_white_space_is_read_over()
    {
        var space = new string(' ', 10_000) + new string('\n', 10_000);
        var bytes = Encoding.ASCII.GetBytes("S{S\"x\"S:S1S,S\"usage\"S:S{S\"prompt_tokens\"S:S12S}S}".Replace("S", space));
        foreach (var size in (int[])[1, 100, 5000, bytes.Length])
        {
            using var meter = Read(bytes.Chunk(size));

            meter.Reported.ShouldBe(new TokenUsage(12, 0));
        }
    }

    [Fact]
    public void A_number_without_end_is_given_up()
    {
        using var meter = Read(Encoding.ASCII.GetBytes("{\"x\":" + new string('1', 20_000) + ",\"usage\":{\"prompt_tokens\":1}}").Chunk(100));

        meter.Reported.ShouldBeNull();
    }

    [Fact]
    public void A_large_answer_takes_no_memory()
    {
        var vector = Encoding.ASCII.GetBytes("{\"embedding\":[" + string.Join(',', Enumerable.Repeat("-0.0123456789", 3000)) + "],\"base64\":\"" + new string('A', 30_000) + "\"},");
        using var meter = new AnswerMeter(ModelOperation.Embeddings, isEventStream: false, isTraced: true, TimeProvider.System);
        meter.Append("{\"data\":["u8);
        meter.Append(vector);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 100; i++)
        {
            foreach (var start in Enumerable.Range(0, vector.Length / 1000))
            {
                meter.Append(vector.AsSpan(start * 1000, 1000));
            }

            meter.Append(vector.AsSpan(vector.Length / 1000 * 1000));
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(50_000);
        meter.Append("{}],\"usage\":{\"prompt_tokens\":5}}"u8);
        meter.Reported.ShouldBe(new TokenUsage(5, 0));
    }

    [Fact]
    public void Usages_add_up_part_by_part() =>
        (new TokenUsage(1, 2, 3, 4, 5) + new TokenUsage(10, 20, 30, 40, 50)).ShouldBe(new TokenUsage(11, 22, 33, 44, 55));

    [Fact]
    public void Usages_that_are_too_large_become_the_largest()
    {
        var huge = new TokenUsage(long.MaxValue, 5);

        (huge.Total, (huge + huge).Input, (huge + huge).Output).ShouldBe((long.MaxValue, long.MaxValue, 10));
    }

    // In one piece and in several, which must agree.
    private static TokenUsage? WithCounts(string input, string output)
    {
        var answer = $$$"""{"model":"m","choices":[],"usage":{"prompt_tokens":{{{input}}},"completion_tokens":{{{output}}}}}""";
        CompareWhole(answer);
        using var meter = Read(Encoding.UTF8.GetBytes(answer).Chunk(3));
        return meter.Reported;
    }

    private static AnswerMeter Read(IEnumerable<byte[]> chunks, ModelOperation operation = ModelOperation.ChatCompletions)
    {
        var meter = new AnswerMeter(operation, isEventStream: false, isTraced: true, TimeProvider.System);
        foreach (var chunk in chunks)
        {
            meter.Append(chunk);
        }

        meter.Complete();
        return meter;
    }
}
