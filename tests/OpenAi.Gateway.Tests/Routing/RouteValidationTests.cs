using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway.Tests.Routing;

public class RouteValidationTests
{
    [Theory]
    [InlineData("v1/completions", "must begin with '/'")]
    [InlineData("", "must begin with '/'")]
    [InlineData("https://api.openai.com/v1", "must begin with '/'")]
    [InlineData("/v1/{name}", "which the route's pattern does not have")]
    [InlineData("/v1/{model", "is not a path")]
    [InlineData("/v1/a b", "is not a path")]
    [InlineData("/v1/a#b", "is not a path")]
    [InlineData("/v1\r\nX: y", "is not a path")]
    public Task A_wrong_path_is_refused(string path, string reason) => ShouldBeRefusedAsync(route => route.RewritePath(path), reason);

    [Theory]
    [InlineData("X-A\r\nX-B", "value")]
    [InlineData("X A", "value")]
    [InlineData("", "value")]
    [InlineData("X-Ä", "value")]
    public Task A_wrong_name_of_a_header_is_refused(string name, string value) =>
        ShouldBeRefusedAsync(route => route.SetHeader(name, value), "is not the name of a header");

    [Theory]
    [InlineData("canary\r\nX-B: 1")]
    [InlineData("canary\n")]
    [InlineData("canary\0")]
    public async Task A_wrong_value_of_a_header_is_refused_and_not_repeated(string value)
    {
        await ShouldBeRefusedAsync(route => route.SetHeader("X-A", value), "The value of the header 'X-A' has a line break or NUL");
        (await RouteHost.StartErrorAsync(app => app.MapOpenAiRoute("/", "openai").AddHeader("X-A", value))).ShouldNotContain("canary");
    }

    [Fact]
    public Task A_missing_value_of_a_header_is_refused() => ShouldBeRefusedAsync(route => route.SetHeader("X-A", null!), "Is its setting missing?");

    [Fact]
    public Task No_method_is_refused() => ShouldBeRefusedAsync(route => route.WithMethods(), "at least one HTTP method");

    [Fact]
    public Task A_method_that_is_none_is_refused() => ShouldBeRefusedAsync(route => route.WithMethods("GET", "PO ST"), "at least one HTTP method");

    [Fact]
    public Task A_star_for_all_methods_is_refused() => ShouldBeRefusedAsync(route => route.WithMethods("*"), "name each method");

    [Fact]
    public Task A_time_of_zero_is_refused() => ShouldBeRefusedAsync(route => route.WithTimeout(TimeSpan.Zero), "timeout");

    [Fact]
    public Task Negative_retries_are_refused() => ShouldBeRefusedAsync(route => route.WithRetries(-1), "retries");

    [Fact]
    public Task A_negative_body_size_is_refused() => ShouldBeRefusedAsync(route => route.WithMaxRequestBodySize(-1), "bytes");

    [Fact]
    public Task A_bridge_from_a_section_that_does_not_exist_is_refused() =>
        ShouldBeRefusedAsync(route => route.BridgeCompletions(new Settings("{}")["Bridge"]), "'Bridge' does not exist");

    [Fact]
    public async Task A_constraint_that_does_not_exist_is_refused_before_the_first_request() =>
        (await RouteHost.StartErrorAsync(app => app.MapOpenAiRoute("/{id:nope}", "openai"))).ShouldContain("nope");

    [Fact]
    public async Task An_app_without_routing_is_told_how_to_add_it()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddOpenAiUpstream("openai", upstream => upstream.AddNode("https://api.openai.com"));
        await using var app = builder.Build();

        Should.Throw<InvalidOperationException>(() => app.MapOpenAiRoute("/v1/models", "openai")).Message.ShouldContain("AddRoutingCore()");
    }

    private static async Task ShouldBeRefusedAsync(Action<OpenAiRouteBuilder> configure, string reason) =>
        (await RouteHost.StartErrorAsync(app => configure(app.MapOpenAiRoute("/openai/{model}", "openai")))).ShouldContain(reason);
}
