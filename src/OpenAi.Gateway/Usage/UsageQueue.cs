using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

/// <summary>The records that wait for one sink, and the only one who gives them to it.</summary>
internal sealed class UsageQueue : IDisposable
{
    public const int DefaultCapacity = 10_000;

    /// <summary>How long records wait for more of them, by the machine's clock and not the app's.</summary>
    public static readonly TimeSpan DefaultRest = TimeSpan.FromMilliseconds(50);

    private const int MaxBatch = 256;

    // So many records wake the reader at once. To wake it for each would cost more than the records; those that wait longer the garbage collector moves.
    private const int Enough = 64;

    private readonly Channel<UsageRecord> _channel;
    private readonly SemaphoreSlim _enough = new(0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _draining = new();
    private readonly UsageSink _sink;
    private readonly TimeSpan _rest;
    private readonly UsageMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly KeyValuePair<string, object?> _name;
    private readonly Task _reading;
    private readonly LogPace _pace;
    private int _waiting;

    public UsageQueue(UsageSink sink, int capacity, TimeSpan rest, UsageMetrics metrics, TimeProvider time, ILogger logger)
    {
        _sink = sink;
        _rest = rest;
        _metrics = metrics;
        _time = time;
        _pace = new LogPace(time);
        _logger = logger;
        _name = new("openai_gateway.usage.sink", sink.GetType().Name);
        _channel = Channel.CreateBounded<UsageRecord>(capacity);
        _reading = Task.Run(ReadAsync);
    }

    /// <summary>Takes a record, or drops and counts it. Never waits.</summary>
    public void Add(UsageRecord record)
    {
        if (!_channel.Writer.TryWrite(record))
        {
            _metrics.Dropped(1, _name);
        }
        else if (Interlocked.Increment(ref _waiting) == Enough)
        {
            _enough.Release();
        }
    }

    /// <summary>Takes nothing more and gives the sink what is left; what it has not taken in time is dropped and counted.</summary>
    public async Task DrainAsync(TimeSpan deadline)
    {
        _channel.Writer.TryComplete();
        await _draining.CancelAsync();
        try
        {
            await _reading.WaitAsync(deadline, _time);
        }
        catch (TimeoutException)
        {
            await _stopping.CancelAsync();
            DropRest();
        }
    }

    public void Dispose()
    {
        _channel.Writer.TryComplete();

        // Not disposed: the app may stop after its services are gone, and a source without a timer holds nothing.
        _draining.Cancel();
        _stopping.Cancel();
    }

    private async Task ReadAsync()
    {
        var batch = new List<UsageRecord>(MaxBatch);
        while (await _channel.Reader.WaitToReadAsync())
        {
            Volatile.Write(ref _waiting, 0);
            while (batch.Count < MaxBatch && _channel.Reader.TryRead(out var record))
            {
                batch.Add(record);
            }

            var isFull = batch.Count == MaxBatch;
            if (batch.Count > 0)
            {
                await WriteAsync(batch);
                batch.Clear();
            }

            // After a full batch it does not rest, and only takes back what woke it.
            Task resting = _enough.WaitAsync(isFull ? TimeSpan.Zero : _rest, _draining.Token);
            await resting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WriteAsync(List<UsageRecord> batch)
    {
        var count = batch.Count; // The sink may change the list.
        try
        {
            await _sink.WriteAsync(batch, _stopping.Token);
        }
        catch (Exception error)
        {
            _metrics.Dropped(count, _name);
            Log(count, error);
        }
    }

    private void Log(int count, Exception error)
    {
        if (_pace.IsDue())
        {
            UsageLog.SinkFailed(_logger, (string)_name.Value!, count, error);
        }
    }

    private void DropRest()
    {
        var count = 0;
        while (_channel.Reader.TryRead(out _))
        {
            count++;
        }

        _metrics.Dropped(count, _name);
    }
}
