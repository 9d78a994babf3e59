using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

internal static partial class ForwardLog
{
    public const string Category = "OpenAi.Gateway.Forwarding";

    [LoggerMessage(1201, LogLevel.Warning, "Route {Route}: attempt {Attempt} at upstream '{Upstream}' ({Node}) failed: {Code}.")]
    public static partial void AttemptFailed(
        ILogger logger, string route, int attempt, string upstream, Uri node, string code, Exception? exception);

    [LoggerMessage(1202, LogLevel.Warning, "Route {Route}: upstream '{Upstream}' ({Node}) answered {Status}; trying again in {Delay}.")]
    public static partial void Retrying(ILogger logger, string route, string upstream, Uri node, int status, TimeSpan delay);

    [LoggerMessage(1203, LogLevel.Warning, "Route {Route}: the answer of upstream '{Upstream}' ({Node}) was cut off ({End}).")]
    public static partial void AnswerCut(ILogger logger, string route, string upstream, Uri node, PumpEnd end);

    [LoggerMessage(1204, LogLevel.Debug, "Route {Route}: the client left (499); the upstream call was cancelled.")]
    public static partial void ClientGone(ILogger logger, string route);

    [LoggerMessage(1205, LogLevel.Error, "Route {Route}: upstream '{Upstream}' has no node to ask. Every weight is 0, or the selector chose none.")]
    public static partial void NoNode(ILogger logger, string route, string upstream);

    [LoggerMessage(1206, LogLevel.Warning, "Route {Route}: upstream '{Upstream}' ({Node}) answered {Status}; asking its fallback '{Fallback}'.")]
    public static partial void FallingBack(ILogger logger, string route, string upstream, Uri node, int status, string fallback);

    [LoggerMessage(1207, LogLevel.Warning, "Route {Route}: the retries of upstream '{Upstream}' are spent for this minute; its answer {Status} goes to the client.")]
    public static partial void RetryDenied(ILogger logger, string route, string upstream, int status);
}
