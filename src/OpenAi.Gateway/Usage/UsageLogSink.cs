using System.Globalization;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway;

/// <summary>One structured line of the app's log for each call.</summary>
internal sealed class UsageLogSink(ILoggerFactory loggers) : UsageSink
{
    private const string None = "-";

    private readonly ILogger _logger = loggers.CreateLogger(UsageLog.Category);

    public override ValueTask WriteAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken)
    {
        foreach (var record in records)
        {
            Write(record);
        }

        return ValueTask.CompletedTask;
    }

    private void Write(UsageRecord record)
    {
        if (!_logger.IsEnabled(LogLevel.Information))
        {
            return;
        }

        UsageLog.CallEnded(
            _logger,
            record.Consumer is { } consumer ? ModelName.Clean(consumer) : None,
            record.Route,
            record.Operation,
            (record.AnsweredModel ?? record.SentModel ?? record.AskedModel) is { } model ? ModelName.Clean(model) : None,
            record.Usage.Input,
            record.Usage.Output,
            record.IsEstimated ? "estimated" : "reported",
            record.Ending,
            record.Cost is { } cost ? string.Create(CultureInfo.InvariantCulture, $"cost {cost} {record.Currency}") : "cost unknown");
    }
}
