using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

internal static partial class ProxyCacheLog
{
    public const string Category = "OpenAi.Gateway.ProxyCache";

    [LoggerMessage(1501, LogLevel.Warning, "The cache's store failed; the request goes on without it.")]
    public static partial void StoreFailed(ILogger logger, Exception exception);

    [LoggerMessage(1502, LogLevel.Warning,
        "The cache key of '{Policy}' has no $request_body in it: every prompt gets the answer of the first one. Leave Key out for the safe default.")]
    public static partial void KeyWithoutBody(ILogger logger, string policy);

    [LoggerMessage(1503, LogLevel.Warning,
        "The cache key of '{Policy}' has no $consumer_name in it: one consumer can get the answer that another one paid for. Add it to keep them apart.")]
    public static partial void KeyWithoutConsumer(ILogger logger, string policy);

    [LoggerMessage(1504, LogLevel.Information, "Answers are cached in {Store}.")]
    public static partial void StoreChosen(ILogger logger, string store);
}
