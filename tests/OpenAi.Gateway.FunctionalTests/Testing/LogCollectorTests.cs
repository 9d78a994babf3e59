using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway.FunctionalTests.Testing;

public sealed class LogCollectorTests : IDisposable
{
    private readonly LogCollector _logs = new();
    private readonly ILoggerFactory _factory;

    public LogCollectorTests() =>
        _factory = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(_logs));

    [Fact]
    public void Keeps_all_of_an_entry()
    {
        var logger = _factory.CreateLogger("Gateway");

        logger.LogWarning(new EventId(7, "Slow"), new TimeoutException("late"), "Upstream {Name} is slow", "openai");

        var entry = _logs.Entries.ShouldHaveSingleItem();
        (entry.Level, entry.EventId.Id, entry.Category).ShouldBe((LogLevel.Warning, 7, "Gateway"));
        entry.Message.ShouldBe("Upstream openai is slow");
        entry.Exception.ShouldBeOfType<TimeoutException>();
    }

    [Fact]
    public void Finds_a_text_wherever_it_hides()
    {
        var logger = _factory.CreateLogger("Gateway");
        using (logger.BeginScope("scope canary-1"))
        using (logger.BeginScope(new Dictionary<string, object?> { ["Key"] = "canary-2" }))
        {
            logger.LogTrace("{Length}", new Canary("3"));
        }

        logger.LogError(new InvalidOperationException("outer", new InvalidOperationException("canary-4")), "failed");

        foreach (var canary in new[] { "canary-1", "canary-2", "canary-3", "canary-4" })
        {
            _logs.Mentioning(canary).ShouldHaveSingleItem();
        }

        _logs.Mentioning("canary-5").ShouldBeEmpty();
    }

    [Fact]
    public async Task Waits_for_an_entry_to_come()
    {
        var entry = _logs.WhenLoggedAsync(entry => entry.Message == "now");
        entry.IsCompleted.ShouldBeFalse();

        _factory.CreateLogger("Gateway").LogInformation("now");

        (await entry).Message.ShouldBe("now");
    }

    public void Dispose()
    {
        _factory.Dispose();
        _logs.Dispose();
    }

    private sealed record Canary(string Number)
    {
        public override string ToString() => $"canary-{Number}";
    }
}
