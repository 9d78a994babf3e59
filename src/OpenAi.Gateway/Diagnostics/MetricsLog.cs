using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

internal static partial class MetricsLog
{
    [LoggerMessage(1701, LogLevel.Error, "A listener of the metric '{Instrument}' failed; the call goes on. Said at most once a minute.")]
    public static partial void ListenerFailed(ILogger logger, string instrument, Exception exception);
}
