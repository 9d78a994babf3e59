using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

internal static partial class LimitCountLog
{
    public const string Category = "OpenAi.Gateway.LimitCount";

    [LoggerMessage(1401, LogLevel.Error, "The counter of the limit '{Limit}' failed; requests pass: {Pass}.")]
    public static partial void CounterFailed(ILogger logger, string limit, bool pass, Exception exception);
}
