using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

/// <summary>Measures, and catches what a listener throws: those of metrics and spans run within the request, and none may cost it its answer.</summary>
internal sealed class ListenerGuard(TimeProvider time, ILogger<ListenerGuard> logger)
{
    private readonly LogPace _pace = new(time);

    public void Add<T>(Counter<T> counter, T delta, in TagList tags)
        where T : struct
    {
        try
        {
            counter.Add(delta, tags);
        }
        catch (Exception error)
        {
            Failed(counter.Name, error);
        }
    }

    public void Add<T>(UpDownCounter<T> counter, T delta, in TagList tags)
        where T : struct
    {
        try
        {
            counter.Add(delta, tags);
        }
        catch (Exception error)
        {
            Failed(counter.Name, error);
        }
    }

    /// <summary>Measures, unless there is nothing to measure with.</summary>
    public void Record<T>(Histogram<T>? histogram, T value, in TagList tags)
        where T : struct
    {
        try
        {
            histogram?.Record(value, tags);
        }
        catch (Exception error)
        {
            Failed(histogram!.Name, error);
        }
    }

    /// <summary>Logs what a listener threw, once a minute at most.</summary>
    public void Failed(string signal, Exception error)
    {
        if (_pace.IsDue())
        {
            ListenerLog.ListenerFailed(logger, signal, error);
        }
    }
}
