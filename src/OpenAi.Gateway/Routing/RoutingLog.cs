using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

internal static partial class RoutingLog
{
    public const string Category = "OpenAi.Gateway.Routing";

    [LoggerMessage(1001, LogLevel.Error, "The changed configuration '{Path}' was refused; the last good one stays. {Reason}")]
    public static partial void ConfigurationRefused(ILogger logger, string path, string reason);

    [LoggerMessage(1002, LogLevel.Information, "The routes in '{Path}' were changed: {Count} routes.")]
    public static partial void RoutesChanged(ILogger logger, string path, int count);
}
