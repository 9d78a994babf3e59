using BenchmarkDotNet.Attributes;

namespace OpenAi.Gateway.Benchmarks;

/// <summary>The pass over a request's body that finds what the gateway acts on.</summary>
[MemoryDiagnoser]
public class RequestBenchmarks
{
    private static readonly byte[] LongText = [.. "{\"tag\":\""u8, .. Samples.TextOf(100_000), .. "\","u8, .. Samples.Question.AsSpan(1)];
    private static readonly byte[] Messages = Conversation(messages: 200);

    [GlobalSetup]
    public void SetUp()
    {
        if (!ShortQuestion() || !LongQuestion() || !LongConversation())
        {
            throw new InvalidOperationException("A question was not understood.");
        }
    }

    [Benchmark]
    public bool ShortQuestion() => Read(Samples.Question);

    /// <summary>One text of 100 KB.</summary>
    [Benchmark]
    public bool LongQuestion() => Read(LongText);

    /// <summary>200 messages of 500 bytes.</summary>
    [Benchmark]
    public bool LongConversation() => Read(Messages);

    private static byte[] Conversation(int messages)
    {
        List<byte> json = [.. "{\"model\":\"gpt-4.1-mini\",\"messages\":["u8];
        for (var i = 0; i < messages; i++)
        {
            json.AddRange([.. "{\"role\":\"user\",\"content\":\""u8, .. Samples.TextOf(500), .. i < messages - 1 ? "\"},"u8 : "\"}]}"u8]);
        }

        return [.. json];
    }

    private static bool Read(byte[] question)
    {
        ModelRequestReader.Read(ModelOperation.ChatCompletions, question, 64, out var request);
        return request?.Model is not null;
    }
}
