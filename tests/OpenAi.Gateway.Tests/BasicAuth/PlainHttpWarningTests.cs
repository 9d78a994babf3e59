using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.BasicAuth;

public class PlainHttpWarningTests
{
    [Fact]
    public async Task Credentials_over_plain_http_are_warned_of_once_however_many_endpoints_there_are()
    {
        await using var host = await StartAsync("Production", "http");

        await host.GetAsync("/one", "username1:password1");
        await host.GetAsync("/one", "username1:password1");
        await host.GetAsync("/two", "username1:wrong");
        await host.GetAsync("/three", "username1:password1");
        await host.GetAsync("/scheme", "username1:password1");

        Warnings(host).ShouldBe(1);
    }

    [Fact]
    public async Task The_scheme_warns_as_well()
    {
        await using var host = await StartAsync("Production", "http");

        await host.GetAsync("/scheme", "username1:password1");

        Warnings(host).ShouldBe(1);
    }

    [Theory]
    [InlineData("Development", "http", "username1:password1")]
    [InlineData("Production", "https", "username1:password1")]
    [InlineData("Production", "http", null)]
    public async Task There_is_no_warning_in_development_over_https_or_when_no_credentials_came(string environment, string scheme, string? credentials)
    {
        await using var host = await StartAsync(environment, scheme);

        await host.GetAsync("/one", credentials);
        await host.GetAsync("/scheme", credentials);

        Warnings(host).ShouldBe(0);
    }

    private static int Warnings(RouteHost host) => host.Server.Logs.Entries.Count(entry => entry.EventId.Id == 1301);

    private static Task<RouteHost> StartAsync(string environment, string scheme) => RouteHost.StartAsync(
        app =>
        {
            // As UseForwardedHeaders does behind a proxy.
            app.Use((context, next) =>
            {
                context.Request.Scheme = scheme;
                return next(context);
            });
            app.UseAuthentication();
            app.UseAuthorization();
            var group = app.MapGroup("").UseBasicAuthConsumers(consumers => consumers.Add("consumer1", "username1", "password1"));
            group.MapGet("/one", () => "in");
            group.MapGet("/two", () => "in");
            app.MapGet("/three", () => "in").UseBasicAuthConsumers(consumers => consumers.Add("consumer1", "username1", "password1"));
            app.MapGet("/scheme", () => "in").RequireAuthorization();
        },
        builder =>
        {
            builder.Environment.EnvironmentName = environment;
            builder.Services.AddSingleton<IHostEnvironment>(builder.Environment);
            builder.Services.AddAuthentication().AddBasicAuthConsumers(consumers => consumers.Add("consumer1", "username1", "password1"));
            builder.Services.AddAuthorization();
        });
}
