using BenchmarkDotNet.Attributes;

namespace OpenAi.Gateway.Benchmarks;

/// <summary>A reservation in the memory counter, of one key or in turn of many.</summary>
[MemoryDiagnoser]
public class LimitBenchmarks
{
    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    private readonly MemoryLimitCounter _counter = new(TimeProvider.System);
    private LimitKey[] _keys = [];
    private int _turn;

    [Params(1, 100_000)]
    public int Keys { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _keys = [.. Enumerable.Range(0, Keys).Select(i => new LimitKey("limit:consumer", $"consumer{i}"))];
        if (!_keys.All(_ => Reserve()))
        {
            throw new InvalidOperationException("A reservation was refused.");
        }
    }

    [Benchmark]
    public bool Reserve()
    {
        var key = _keys[_turn];
        _turn = _turn + 1 == _keys.Length ? 0 : _turn + 1;
        var reserving = _counter.ReserveAsync(key, 1, long.MaxValue / 2, Window, CancellationToken.None);
        return reserving.IsCompletedSuccessfully && reserving.Result.IsGranted;
    }
}
