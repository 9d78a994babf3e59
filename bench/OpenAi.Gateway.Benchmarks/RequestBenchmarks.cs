using BenchmarkDotNet.Attributes;

namespace OpenAi.Gateway.Benchmarks;

/// <summary>The pass over a request's body that finds what the gateway acts on.</summary>
[MemoryDiagnoser]
public class RequestBenchmarks
{
    private byte[] _question = [];

    /// <summary>How much longer than a short question the body is, in bytes.</summary>
    [Params(0, 100_000)]
    public int MoreText { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _question = [.. "{\"tag\":\""u8, .. Samples.TextOf(MoreText), .. "\","u8, .. Samples.Question.AsSpan(1)];
        if (!Read())
        {
            throw new InvalidOperationException("The question was not understood.");
        }
    }

    [Benchmark]
    public bool Read()
    {
        ModelRequestReader.Read(ModelOperation.ChatCompletions, _question, 64, out var request);
        return request?.Model is not null;
    }
}
