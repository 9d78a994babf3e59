using BenchmarkDotNet.Attributes;

namespace OpenAi.Gateway.Benchmarks;

/// <summary>What the meter takes to read an answer while it passes: one event of a stream, and a whole JSON answer.</summary>
[MemoryDiagnoser]
public class UsageBenchmarks
{
    private readonly AnswerMeter _stream = AnswerMeter.Create(ModelOperation.ChatCompletions, isEventStream: true, isTraced: false, TimeProvider.System);

    [GlobalSetup]
    public void SetUp()
    {
        if (StreamEvent() == 0 || !JsonAnswer())
        {
            throw new InvalidOperationException("The answer was not understood.");
        }
    }

    [GlobalCleanup]
    public void CleanUp() => _stream.Dispose();

    [Benchmark]
    public long StreamEvent()
    {
        _stream.Append(Samples.StreamEvent);
        return _stream.OutputEvents;
    }

    [Benchmark]
    public bool JsonAnswer()
    {
        using var meter = AnswerMeter.Create(ModelOperation.ChatCompletions, isEventStream: false, isTraced: false, TimeProvider.System);
        meter.Append(Samples.JsonAnswer);
        meter.Complete();
        return meter.Reported is not null;
    }
}
