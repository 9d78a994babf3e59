using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway.Testing;

/// <summary>One log entry. <see cref="Details"/> are the values that a structured sink would write: its state and scopes.</summary>
public sealed record LogEntry(
    LogLevel Level,
    EventId EventId,
    string Category,
    string Message,
    Exception? Exception,
    IReadOnlyList<string> Details)
{
    public override string ToString() =>
        $"{Level} {Category}[{EventId.Id} {EventId.Name}] {Message} {{{string.Join(", ", Details)}}} {Exception}".TrimEnd();
}
