using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway.Tests.Diagnostics;

/// <summary>What one app's meter "OpenAi.Gateway" measures; other apps of the same process are not heard.</summary>
internal sealed class Measurements : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Lock _lock = new();
    private readonly List<Measurement> _all = [];
    private readonly List<(Func<bool> Holds, TaskCompletionSource Reached)> _waiting = [];

    public Measurements(IServiceProvider services)
    {
        var factory = services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "OpenAi.Gateway" && ReferenceEquals(instrument.Meter.Scope, factory))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    public IReadOnlyList<Measurement> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _all];
            }
        }
    }

    public IReadOnlyList<Measurement> Of(string instrument) => [.. All.Where(one => one.Instrument == "openai_gateway." + instrument)];

    public double Sum(string instrument) => Of(instrument).Sum(one => one.Value);

    /// <summary>The last bytes reach the client before the request's own end, so that a test waits for the measurements.</summary>
    public Task WhenAsync(string instrument, int count) =>
        WhenAsync(() => Of(instrument).Count >= count, $"{count} measurements of {instrument}");

    public Task WhenSumAsync(string instrument, double sum) => WhenAsync(() => Sum(instrument) >= sum, $"{sum} in {instrument}");

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = string.Join(", ", tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"));
        lock (_lock)
        {
            _all.Add(new Measurement(instrument.Name, instrument.Unit, value, text));
            ReleaseWaiting();
        }
    }

    private Task WhenAsync(Func<bool> holds, string awaited)
    {
        lock (_lock)
        {
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((holds, reached));
            ReleaseWaiting();
            return reached.Task.SoonAsync(awaited);
        }
    }

    private void ReleaseWaiting()
    {
        foreach (var (_, reached) in _waiting.Where(waiting => !waiting.Reached.Task.IsCompleted && waiting.Holds()))
        {
            reached.TrySetResult();
        }
    }

    internal sealed record Measurement(string Instrument, string? Unit, double Value, string Tags);
}
