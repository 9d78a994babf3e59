using System.Diagnostics.Metrics;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway.Tests.Docs;

/// <summary>Holds docs/operations.md to the events and instruments of the code.</summary>
public class OperationsTests
{
    private readonly string _document = Repository.Read("docs/operations.md");

    [Fact]
    public void Every_log_event_is_in_the_table()
    {
        var events = typeof(GatewayError).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Select(method => (Method: method, Event: method.GetCustomAttribute<LoggerMessageAttribute>()))
            .Where(pair => pair.Event is not null)
            .ToList();

        events.ShouldNotBeEmpty();
        events.Select(pair => pair.Event!.EventId).ShouldBeUnique();
        foreach (var (method, attribute) in events)
        {
            _document.ShouldContain($"| {attribute!.EventId} | `{method.Name}` | {attribute.Level} |");
        }
    }

    [Fact]
    public void Every_error_is_in_the_table()
    {
        var errors = typeof(GatewayErrors).GetFields(BindingFlags.Static | BindingFlags.Public)
            .Select(field => field.GetValue(null))
            .OfType<GatewayError>()
            .Append(GatewayErrors.NoUpstream(TimeSpan.Zero))
            .Append(GatewayErrors.LimitReached(429, "", TimeSpan.Zero))
            .Append(GatewayErrors.MethodNotAllowed("PUT"))
            .Append(GatewayErrors.DuplicateField("a"))
            .Append(GatewayErrors.MissingField("a"))
            .Append(GatewayErrors.InvalidField("a", ""))
            .Append(GatewayErrors.MisspeltField("a"))
            .Append(GatewayErrors.BodyNotReadable(1))
            .Append(GatewayErrors.BodyNotCheckable(1))
            .Append(GatewayErrors.ModelNotAllowed("a"))
            .Append(GatewayErrors.ModelNotPriced("a", null))
            .Append(GatewayErrors.TokensReached(429, "", TimeSpan.Zero))
            .Append(GatewayErrors.ConcurrencyReached(429, ""))
            .Append(GatewayErrors.BudgetSpent(429, ""))
            .Append(GatewayErrors.TooLargeForLimit("", null))
            .Append(GatewayErrors.BodyTooLarge(1))
            .Append(GatewayErrors.MissingField("model"))
            .Append(GatewayErrors.InvalidField("n", ""))
            .Append(GatewayErrors.UnsupportedField("suffix", ""))
            .Append(GatewayErrors.DuplicateField("model"));
        var rows = _document.Split('\n');

        foreach (var error in errors)
        {
            rows.ShouldContain(row => row.StartsWith($"| {error.Status}", StringComparison.Ordinal) && row.Contains($"`{error.Code}`"), error.ToString());
        }
    }

    [Fact]
    public void Every_instrument_is_in_the_table()
    {
        using var services = new ServiceCollection().AddLogging().AddMetrics().AddOpenAiUsage(_ => { }).BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        var guard = services.GetRequiredService<ListenerGuard>();
        var names = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == GatewayMetrics.MeterName)
                {
                    names.Add(instrument.Name);
                }
            },
        };
        listener.Start();
        _ = new GatewayMetrics(meters, guard);
        _ = services.GetRequiredService<UsageMetrics>();
        _ = new GenAiMetrics(meters, guard, GenAiVocabulary.Old | GenAiVocabulary.Latest, services.GetRequiredService<GenAiTags>());

        names.ShouldNotBeEmpty();
        names.Distinct().ToList().ForEach(name => _document.ShouldContain($"| `{name}` |"));
    }
}
