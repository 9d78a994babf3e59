using System.Buffers.Binary;
using BenchmarkDotNet.Attributes;

namespace OpenAi.Gateway.Benchmarks;

/// <summary>
/// The key of a question, of all the parts that the default has: with the body as it is, new and asked for again, and as a question to a model that is asked again.
/// </summary>
[MemoryDiagnoser]
public class CacheKeyBenchmarks
{
    private readonly CacheKeyTemplate _template = new(null);
    private readonly GatewayRequest _plain = GatewayRequest.Of(Samples.CreateContext());
    private readonly GatewayRequest _model = GatewayRequest.Of(Samples.CreateContext());
    private readonly byte[] _new = [.. Samples.Question];
    private int _count;

    [GlobalSetup]
    public void SetUp()
    {
        ModelRequestReader.Read(ModelOperation.ChatCompletions, Samples.Question, 64, out var model);
        _model.Model = model ?? throw new InvalidOperationException("The question was not understood.");
    }

    [Benchmark]
    public int OfNewBody()
    {
        BinaryPrimitives.WriteInt32LittleEndian(_new, ++_count);
        return _template.KeyOf(_plain, _new).GetHashCode();
    }

    [Benchmark]
    public int OfBody() => _template.KeyOf(_plain, Samples.Question).GetHashCode();

    [Benchmark]
    public int OfQuestion() => _template.KeyOf(_model, Samples.Question).GetHashCode();
}
