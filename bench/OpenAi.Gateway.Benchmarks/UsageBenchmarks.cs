using System.Text;
using BenchmarkDotNet.Attributes;

namespace OpenAi.Gateway.Benchmarks;

/// <summary>What the meter takes to read an answer while it passes: one event of a stream, and a whole JSON answer.</summary>
[MemoryDiagnoser]
public class UsageBenchmarks
{
    private static readonly byte[] ParagraphJsonAnswer = AnswerWith(500);
    private static readonly byte[] LongJsonAnswer = AnswerWith(10_000);

    private readonly AnswerMeter _stream = new AnswerMeter(ModelOperation.ChatCompletions, isEventStream: true, isTraced: false, TimeProvider.System);

    [GlobalSetup]
    public void SetUp()
    {
        if (StreamEvent() == 0 || !JsonAnswer() || !ParagraphAnswer() || !LongAnswer() || LongJsonAnswer.Length < 10_000)
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
    public bool JsonAnswer() => Read(Samples.JsonAnswer);

    /// <summary>500 bytes more, a line break in each line.</summary>
    [Benchmark]
    public bool ParagraphAnswer() => Read(ParagraphJsonAnswer);

    /// <summary>10 KB more, a line break in each line.</summary>
    [Benchmark]
    public bool LongAnswer() => Read(LongJsonAnswer);

    private static byte[] AnswerWith(int length) => Encoding.UTF8.GetBytes(
        Encoding.UTF8.GetString(Samples.JsonAnswer).Replace("\"content\":\" ", "\"content\":\"" + Encoding.UTF8.GetString(Samples.TextOf(length)), StringComparison.Ordinal));

    private static bool Read(byte[] answer)
    {
        using var meter = new AnswerMeter(ModelOperation.ChatCompletions, isEventStream: false, isTraced: false, TimeProvider.System);
        meter.ReadWhole(answer);
        meter.Complete();
        return meter.Reported is not null;
    }
}
