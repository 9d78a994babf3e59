using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway.Testing;

/// <summary>Keeps every log entry for assertions, and to search for secrets that must not be there.</summary>
public sealed class LogCollector : ILoggerProvider, ISupportExternalScope
{
    private readonly Lock _lock = new();
    private readonly List<LogEntry> _entries = [];
    private readonly List<(Func<LogEntry, bool> Match, TaskCompletionSource<LogEntry> Found)> _waiting = [];
    private IExternalScopeProvider _scopes = new LoggerExternalScopeProvider();

    public IReadOnlyList<LogEntry> Entries
    {
        get
        {
            lock (_lock)
            {
                return [.. _entries];
            }
        }
    }

    /// <summary>Entries that show the text anywhere: message, state, scopes or exception.</summary>
    public IReadOnlyList<LogEntry> Mentioning(string text) =>
        [.. Entries.Where(entry => entry.ToString().Contains(text, StringComparison.Ordinal))];

    /// <summary>The first entry, past or to come, that matches.</summary>
    public Task<LogEntry> WhenLoggedAsync(Func<LogEntry, bool> match)
    {
        lock (_lock)
        {
            if (_entries.Find(match.Invoke) is { } known)
            {
                return Task.FromResult(known);
            }

            var found = new TaskCompletionSource<LogEntry>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((match, found));
            return found.Task.SoonAsync("a log entry");
        }
    }

    public ILogger CreateLogger(string categoryName) => new CollectingLogger(this, categoryName);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    public void Dispose()
    {
        // The entries outlive the host that wrote them.
    }

    internal IDisposable Push(object? scope) => _scopes.Push(scope);

    internal IReadOnlyList<string> Describe(object? state)
    {
        var details = new List<string>(Values(state));
        _scopes.ForEachScope(static (scope, all) => all.AddRange(Values(scope)), details);
        return details;
    }

    internal void Add(LogEntry entry)
    {
        lock (_lock)
        {
            _entries.Add(entry);
            foreach (var (_, found) in _waiting.Where(waiting => waiting.Match(entry)))
            {
                found.TrySetResult(entry);
            }
        }
    }

    private static IEnumerable<string> Values(object? state) => state is IEnumerable<KeyValuePair<string, object?>> values
        ? values.Select(value => $"{value.Key}={value.Value}")
        : [$"{state}"];
}
