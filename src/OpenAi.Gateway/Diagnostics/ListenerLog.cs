using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

internal static partial class ListenerLog
{
    [LoggerMessage(1701, LogLevel.Error, "A listener of '{Signal}' failed; the call goes on. Said at most once a minute.")]
    public static partial void ListenerFailed(ILogger logger, string signal, Exception exception);
}
