using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.LimitCount;

public class LimitValidationTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    public void A_count_below_one_is_refused(long count) =>
        Refusal(limit => limit.Count = count).ShouldBe("UseLimitCount: Count: Count must be at least 1: the number of requests in one TimeWindow.");

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(50 * 24 * 3600)]
    public void A_window_that_is_not_longer_than_zero_or_longer_than_timers_is_refused(int seconds) =>
        Refusal(limit => limit.TimeWindow = TimeSpan.FromSeconds(seconds)).ShouldContain("TimeWindow");

    [Theory]
    [InlineData(0)]
    [InlineData(199)]
    [InlineData(600)]
    public void A_code_that_is_no_status_is_refused(int code) =>
        Refusal(limit => limit.RejectedCode = code).ShouldContain("RejectedCode must be an HTTP status between 200 and 599.");

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    public void An_empty_message_is_refused(string message) => Refusal(limit => limit.RejectedMessage = message).ShouldContain("RejectedMessage is empty");

    [Theory]
    [InlineData("remote_address", LimitKeyType.Var)]
    [InlineData("Remote_Addr", LimitKeyType.Var)]
    [InlineData("$remote_address", LimitKeyType.Var)]
    [InlineData("$remote_addr $nothing", LimitKeyType.VarCombination)]
    public void An_unknown_word_in_the_key_is_refused_with_the_known_ones(string key, LimitKeyType type)
    {
        var message = Refusal(limit => (limit.Key, limit.KeyType) = (key, type));

        message.ShouldStartWith("UseLimitCount: Property Key: ");
        message.ShouldContain("is not a known variable. Known are: remote_addr, consumer_name");
    }

    [Theory]
    [InlineData("remote_addr", LimitKeyType.VarCombination)]
    [InlineData("all", LimitKeyType.VarCombination)]
    [InlineData("remote_addr$", LimitKeyType.Var)]
    public void A_combination_without_a_variable_is_refused(string key, LimitKeyType type) =>
        Refusal(limit => (limit.Key, limit.KeyType) = (key, type)).ShouldContain("has no variable in it, such as $remote_addr. For one counter for all requests, set KeyType to Constant");

    [Fact]
    public void An_unknown_type_of_key_is_refused() => Refusal(limit => limit.KeyType = (LimitKeyType)7).ShouldContain("KeyType must be Var, VarCombination or Constant.");

    [Fact]
    public void An_empty_key_or_group_is_refused()
    {
        Refusal(limit => limit.Key = "").ShouldContain("Property Key: is empty");
        Refusal(limit => limit.Group = "").ShouldContain("Group: is empty");
    }

    [Fact]
    public void All_that_is_wrong_is_told_at_once()
    {
        var message = Refusal(limit => (limit.Count, limit.TimeWindow, limit.Key) = (0, TimeSpan.Zero, "nothing"));

        message.ShouldContain("Count:");
        message.ShouldContain("TimeWindow: is");
        message.ShouldContain("Property Key:");
    }

    [Fact]
    public async Task A_changed_count_is_taken_without_forgetting_what_was_counted()
    {
        var settings = new Settings(Json("\"Count\": 2"));
        await using var host = await StartAsync(settings);
        await host.GetAsync("/");
        await host.GetAsync("/");
        (await host.GetAsync("/")).Status.ShouldBe(429);

        settings.Change(Json("\"Count\": 3"));
        (await host.GetAsync("/")).Quota().ShouldBe(("3", "0", "60"));
        (await host.GetAsync("/")).Status.ShouldBe(429);
    }

    [Theory]
    [InlineData("\"Count\": 0", "Count")]
    [InlineData("\"Count\": \"many\"", "Count")]
    [InlineData("\"Count\": 5, \"Kye\": \"remote_addr\"", "Kye")]
    [InlineData("\"Count\": 5, \"KeyType\": \"Vars\"", "KeyType")]
    public async Task A_wrong_change_keeps_the_last_good_limit_and_is_logged_with_its_path(string members, string reason)
    {
        var settings = new Settings(Json("\"Count\": 2"));
        await using var host = await StartAsync(settings);
        await host.GetAsync("/");

        settings.Change(Json(members));

        (await host.GetAsync("/")).Quota().ShouldBe(("2", "0", "60"));
        var logged = host.Server.Logs.Entries.Where(entry => entry.Level == LogLevel.Error).ShouldHaveSingleItem();
        logged.Message.ShouldContain("'Limits:Products' was refused; the last good one stays.");
        logged.Message.ShouldContain(reason);
    }

    [Fact]
    public async Task A_section_that_does_not_exist_stops_the_app() =>
        (await RouteHost.StartErrorAsync(app => app.UseLimitCount(new Settings("{}")["Limits:Products"]))).ShouldContain("'Limits:Products' does not exist");

    private static Task<RouteHost> StartAsync(Settings settings) =>
        RouteHost.StartAsync(app => app.MapGet("/", () => "in").UseLimitCount(settings["Limits:Products"]));

    private static string Json(string members) => $$"""{ "Limits": { "Products": { "TimeWindow": "00:01:00", {{members}} } } }""";

    private static string Refusal(Action<LimitCountOptions> configure) =>
        Should.Throw<OptionsValidationException>(() => LimitCountPolicy.From(limit => configure(LimitHost.Of(limit, 1)))).Message;
}
