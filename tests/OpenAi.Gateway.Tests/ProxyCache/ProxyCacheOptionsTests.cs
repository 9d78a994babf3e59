using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.ProxyCache;

public class ProxyCacheOptionsTests
{
    [Theory]
    [InlineData(-1)]
    [InlineData((3650 * TimeSpan.TicksPerDay) + 1)]
    [InlineData(long.MaxValue)]
    public void A_stale_time_that_no_store_can_keep_is_refused(long ticks)
    {
        var error = Should.Throw<OptionsValidationException>(() => ProxyCachePolicy.From(cache => cache.StaleIfError = new TimeSpan(ticks)));

        error.Message.ShouldContain("StaleIfError: ");
        error.Message.ShouldContain("between zero, which turns it off, and 3650 days.");
    }

    [Fact]
    public async Task The_longest_stale_time_can_be_kept()
    {
        await using var host = await CacheHost.StartAsync(
            CacheHost.Numbered(), cache => cache.StaleIfError = TimeSpan.FromDays(3650), build: builder => builder.Services.AddDistributedMemoryCache());

        var replies = new[] { await host.AskAsync(), await host.AskAsync() };

        replies.Select(reply => reply.Cache).ShouldBe(["MISS", "HIT"]);
        host.Gateway.Logs.Entries.ShouldNotContain(entry => entry.EventId.Name == "StoreFailed");
    }

    [Theory]
    [InlineData("Content-Length")]
    [InlineData("content-type")]
    [InlineData("Content-Encoding")]
    [InlineData("Transfer-Encoding")]
    [InlineData("Connection")]
    [InlineData("Trailer")]
    public void A_status_header_that_says_how_to_read_the_answer_is_refused(string name)
    {
        var error = Should.Throw<OptionsValidationException>(() => ProxyCachePolicy.From(cache => cache.StatusHeader = name));

        error.Message.ShouldContain($"StatusHeader: '{name}' ");
    }

    [Theory]
    [InlineData("$uri$request_body")]
    [InlineData("${request_body}")]
    [InlineData("v2:${request_body}")]
    public void The_body_within_another_text_is_refused_with_the_remedy(string part)
    {
        var error = Should.Throw<OptionsValidationException>(() => ProxyCachePolicy.From(cache => cache.Key = ["$uri", part]));

        error.Message.ShouldContain("Key: has the body within another text. Write \"$request_body\" as a part of its own.");
        error.Message.ShouldNotContain("not a known variable");
    }

    [Theory]
    [InlineData("Key")]
    [InlineData("Bypass")]
    [InlineData("NoStore")]
    [InlineData("Methods")]
    public void An_entry_that_is_null_is_refused_with_its_settings_name(string name)
    {
        var settings = new Settings($$"""{ "Cache": { "{{name}}": [ null ] } }""");

        var error = Should.Throw<OptionsValidationException>(() => ProxyCachePolicy.Once(settings["Cache"]));

        error.Message.ShouldStartWith($"Cache: Property {name}: ");
    }
}
