using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

internal static partial class UsageLog
{
    public const string Category = "OpenAi.Gateway.Usage";

    [LoggerMessage(1601, LogLevel.Error, "The usage sink '{Sink}' failed; {Records} records are lost. Said at most once a minute.")]
    public static partial void SinkFailed(ILogger logger, string sink, int records, Exception exception);

    [LoggerMessage(1602, LogLevel.Information, "{Consumer} on {Route}: {Operation} of {Model}, {InputTokens} + {OutputTokens} tokens ({Count}), {Ending}, {Cost}.")]
    public static partial void CallEnded(
        ILogger logger,
        string consumer,
        string route,
        ModelOperation operation,
        string model,
        long inputTokens,
        long outputTokens,
        string count,
        UsageEnding ending,
        string cost);

    [LoggerMessage(1603, LogLevel.Warning, "The model '{Model}' (service tier: {Tier}) has no price, so its calls have no cost. Add it to Prices.")]
    public static partial void NoPrice(ILogger logger, string model, string tier);

    [LoggerMessage(1604, LogLevel.Error, "The changed configuration of AddOpenAiUsage was refused; the last good prices stay. {Reason}")]
    public static partial void PricesRefused(ILogger logger, string reason);
}
