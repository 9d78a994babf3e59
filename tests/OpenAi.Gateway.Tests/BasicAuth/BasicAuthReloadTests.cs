using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.BasicAuth;

public class BasicAuthReloadTests
{
    private readonly Settings _settings = new(Json("username1", "password1"));

    [Fact]
    public async Task A_changed_password_counts_at_once_although_the_old_header_was_remembered()
    {
        await using var host = await StartAsync();
        (await host.PostAsync("/openai", "username1:password1")).Status.ShouldBe(200);

        _settings.Change(Json("username1", "password2"));

        (await host.PostAsync("/openai", "username1:password1")).Status.ShouldBe(401);
        (await host.PostAsync("/openai", "username1:password2")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_connection_that_sees_many_changes_keeps_nothing_of_those_before()
    {
        var kept = new List<int>();
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.Use((context, next) =>
            {
                kept.Add(context.Features.GetRequiredFeature<IConnectionItemsFeature>().Items.Count);
                return next(context);
            });
            app.UseBasicAuthConsumers(_settings["Auth"]);
            app.MapOpenAiRoute("/openai", "openai");
        });

        for (var change = 0; change < 3; change++)
        {
            for (var request = 0; request < 3; request++)
            {
                (await host.PostAsync("/openai", "username1:password1")).Status.ShouldBe(200);
            }

            _settings.Change(Json("username1", "password1"));
        }

        kept[2].ShouldBe(kept[0] + 1);
        kept[^1].ShouldBe(kept[2]);
    }

    [Fact]
    public async Task Hash_realm_and_time_can_be_configured()
    {
        _settings.Change($$"""
            { "Auth": { "Realm": "shop", "RememberFor": "00:00:10", "Consumers": [
                { "Name": "consumer1", "Username": "username1", "PasswordHash": "{{Consumer.HashPassword("password1")}}" } ] } }
            """);
        await using var host = await StartAsync();

        (await host.PostAsync("/openai", "username1:password1")).Status.ShouldBe(200);
        (await host.PostAsync("/openai"))["WWW-Authenticate"].ShouldBe("Basic realm=\"shop\", charset=\"UTF-8\"");
    }

    [Theory]
    [InlineData("""{ "Auth": { "Consumers": [ { "Name": "consumer1", "Username": "us:er", "Password": "p" } ] } }""", "RFC 7617")]
    [InlineData("""{ "Auth": { "Consumers": [ { "Name": "consumer1", "Username": "username1", "Pasword": "p" } ] } }""", "Pasword")]
    [InlineData("""{ "Auth": { "Consumers": [ { "Name": "consumer1", "Username": null, "Password": "p" } ] } }""", "of consumer 'consumer1'")]
    [InlineData("""{ "Auth": { "Realm": "shop" } }""", "no consumers")]
    [InlineData("""{ "Auth": { "RememberFor": "soon" } }""", "RememberFor")]
    [InlineData("{ }", "does not exist")]
    public async Task A_wrong_change_is_refused_whole_and_logged(string json, string reason)
    {
        await using var host = await StartAsync();

        _settings.Change(json);

        (await host.PostAsync("/openai", "username1:password1")).Status.ShouldBe(200);
        (await host.PostAsync("/openai", "username1:wrong")).Status.ShouldBe(401);
        var logged = host.Server.Logs.Entries.Where(entry => entry.Level == LogLevel.Error).ShouldHaveSingleItem();
        logged.Message.ShouldContain("'Auth'");
        logged.Message.ShouldContain(reason);
    }

    [Fact]
    public async Task After_a_wrong_change_a_right_one_is_taken()
    {
        await using var host = await StartAsync();

        _settings.Change("""{ "Auth": { "Realm": "\"" } }""");
        _settings.Change(Json("username2", "password2"));

        (await host.PostAsync("/openai", "username1:password1")).Status.ShouldBe(401);
        (await host.PostAsync("/openai", "username2:password2")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task The_scheme_follows_changes_and_refuses_wrong_ones_too()
    {
        await using var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoute("/openai", "openai").RequireAuthorization(),
            builder =>
            {
                builder.Services.AddAuthentication().AddBasicAuthConsumers(_settings["Auth"]);
                builder.Services.AddAuthorization();
            });
        (await host.PostAsync("/openai", "username1:password1")).Status.ShouldBe(200);

        _settings.Change(Json("username2", "password2"));
        (await host.PostAsync("/openai", "username1:password1")).Status.ShouldBe(401);
        (await host.PostAsync("/openai", "username2:password2")).Status.ShouldBe(200);

        _settings.Change("""{ "Auth": { "Realm": "shop" } }""");
        (await host.PostAsync("/openai", "username2:password2")).Status.ShouldBe(200);
        host.Server.Logs.Entries.Where(entry => entry.Level == LogLevel.Error).ShouldHaveSingleItem().Message.ShouldContain("no consumers");
    }

    private static string Json(string username, string password) =>
        $$"""{ "Auth": { "Consumers": [ { "Name": "consumer1", "Username": "{{username}}", "Password": "{{password}}" } ] } }""";

    private Task<RouteHost> StartAsync() => RouteHost.StartAsync(app =>
    {
        app.UseBasicAuthConsumers(_settings["Auth"]);
        app.MapOpenAiRoute("/openai", "openai");
    });
}
