using System.Reflection;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway.Tests.Diagnostics;

public class LogEventTests
{
    private static readonly LoggerMessageAttribute[] Messages =
    [
        .. typeof(Consumer).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>())
            .OfType<LoggerMessageAttribute>(),
    ];

    [Fact]
    public void Every_event_has_a_number_of_its_own()
    {
        Messages.Length.ShouldBeGreaterThan(10);
        Messages.GroupBy(message => message.EventId).Where(group => group.Count() > 1).Select(group => group.Key).ShouldBeEmpty();
        Messages.ShouldAllBe(message => message.EventId >= 1000 && message.EventId < 2000);
    }

    [Fact]
    public void No_event_writes_credentials_or_bodies()
    {
        foreach (var word in new[] { "{Password", "{Header", "{Authorization", "{Key}", "{Body", "{Credential" })
        {
            Messages.ShouldAllBe(message => !message.Message.Contains(word, StringComparison.OrdinalIgnoreCase));
        }
    }
}
