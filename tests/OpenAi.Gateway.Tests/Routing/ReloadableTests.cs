using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway.Tests.Routing;

public class ReloadableTests
{
    [Fact]
    public void A_change_that_cannot_be_read_is_refused_and_logged_whatever_it_throws()
    {
        var settings = new Settings("""{ "A": { "B": "1" } }""");
        using var logs = new LogCollector();
        var value = new Reloadable<string>(settings["A"], () => settings["A"]["B"] is { } text and not "2" ? text : throw new KeyNotFoundException("No such B."))
        {
            Logger = logs.CreateLogger("test"),
        };

        settings.Change("""{ "A": { "B": "2" } }""");

        value.Value.ShouldBe("1");
        var logged = logs.Entries.ShouldHaveSingleItem();
        (logged.Level, logged.EventId.Id).ShouldBe((LogLevel.Error, 1001));
        logged.Message.ShouldContain("'A'");
        logged.Message.ShouldContain("No such B.");
    }
}
