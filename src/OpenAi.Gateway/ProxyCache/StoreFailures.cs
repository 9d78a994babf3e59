using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

/// <summary>Logs that the cache's store fails.</summary>
internal sealed class StoreFailures(TimeProvider time, ILogger logger)
{
    private readonly LogPace _pace = new(time);

    public void Add(Exception error)
    {
        if (_pace.IsDue())
        {
            ProxyCacheLog.StoreFailed(logger, error);
        }
    }
}
