using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

internal static partial class BasicAuthLog
{
    public const string Category = "OpenAi.Gateway.BasicAuth";

    [LoggerMessage(1301, LogLevel.Warning,
        "Basic credentials came over plain HTTP, where anybody on the way can read them. Serve HTTPS, or use UseForwardedHeaders behind a proxy that does.")]
    public static partial void PlainHttp(ILogger logger);

    [LoggerMessage(1302, LogLevel.Information, "A request was refused: {Reason}.")]
    public static partial void Refused(ILogger logger, string reason);

    [LoggerMessage(1303, LogLevel.Error, "The consumer store failed; requests are refused.")]
    public static partial void ConsumerStoreFailed(ILogger logger, Exception exception);

    [LoggerMessage(1304, LogLevel.Warning,
        "The route '{Route}' is open to everybody, and they spend the upstream's key: AllowAnonymous lifts UseBasicAuthConsumers, wherever it is written.")]
    public static partial void OpenToAll(ILogger logger, string route);
}
