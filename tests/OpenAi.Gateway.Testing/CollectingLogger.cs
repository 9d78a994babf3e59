using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway.Testing;

internal sealed class CollectingLogger(LogCollector collector, string category) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => collector.Push(state);

    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter) =>
        collector.Add(new LogEntry(
            logLevel, eventId, category, formatter(state, exception), exception, collector.Describe(state)));
}
