using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.Configuration;

public class ReloadableTests
{
    [Fact]
    public void A_change_that_cannot_be_read_is_refused_and_logged_whatever_it_throws()
    {
        var settings = new Settings("""{ "A": { "B": "1" } }""");
        using var logs = new LogCollector();
        using var app = new ServiceCollection()
            .AddLogging(logging => logging.AddProvider(logs))
            .AddMetrics()
            .AddOpenAiUpstream("openai", _ => { })
            .BuildServiceProvider();
        var value = new Reloadable<string>(settings["A"], () => settings["A"]["B"] is { } text and not "2" ? text : throw new KeyNotFoundException("No such B."));
        value.Attach(GatewayServices.From(app), "test");

        settings.Change("""{ "A": { "B": "2" } }""");

        value.Value.ShouldBe("1");
        var logged = logs.Entries.ShouldHaveSingleItem();
        (logged.Level, logged.EventId.Id).ShouldBe((LogLevel.Error, 1001));
        logged.Message.ShouldContain("'A'");
        logged.Message.ShouldContain("No such B.");
    }

    [Fact]
    public async Task An_app_that_has_ended_follows_its_configuration_no_more()
    {
        const string Window = "\"TimeWindow\": \"00:01:00\"";
        var settings = new Settings($$"""
            {
                "Auth": { "Consumers": [ { "Name": "consumer1", "Username": "username1", "Password": "password1" } ] },
                "Models": { "MaxOutputTokens": 9 }, "Limit": { "Count": 9, {{Window}} }, "Concurrency": { "Permits": 9 },
                "Tokens": { "Count": 9, {{Window}} }, "Budget": { "Amount": 9, "AllowUnpricedModels": true }, "Cache": { "Ttl": "00:01:00" }
            }
            """);
        var host = await RouteHost.StartAsync(app =>
        {
            app.UseBasicAuthConsumers(settings["Auth"]);
            app.UseModels(settings["Models"]);
            app.UseLimitCount(settings["Limit"]);
            app.UseLimitConcurrency(settings["Concurrency"]);
            app.UseLimitTokens(settings["Tokens"]);
            app.UseBudget(settings["Budget"]);
            app.UseProxyCache(settings["Cache"]);
        });

        settings.Change("{ }");
        host.Server.Logs.Entries.Count(entry => entry.Level == LogLevel.Error).ShouldBe(7, "each has refused it");
        await host.DisposeAsync();
        settings.Change("{ }");

        host.Server.Logs.Entries.Count(entry => entry.Level == LogLevel.Error).ShouldBe(7);
    }
}
