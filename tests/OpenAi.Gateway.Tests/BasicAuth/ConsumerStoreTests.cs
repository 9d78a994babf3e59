using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.BasicAuth;

public class ConsumerStoreTests
{
    private readonly CountingConsumerStore _store = new();

    public ConsumerStoreTests() => _store.Consumers["username1"] = new Consumer("consumer1", "username1", Consumer.HashPassword("password1"));

    [Fact]
    public async Task Without_consumers_the_registered_store_is_asked()
    {
        await using var host = await StartAsync();

        (await host.GetAsync("/", "username1:password1")).Text.ShouldBe("consumer1");
        (await host.GetAsync("/", "username1:wrong")).Status.ShouldBe(401);
        (await host.GetAsync("/", "username2:password1")).Status.ShouldBe(401);
    }

    [Fact]
    public async Task Written_consumers_come_before_the_store()
    {
        await using var host = await RouteHost.StartAsync(
            app => app.MapGet("/", () => "in").UseBasicAuthConsumers(consumers => consumers.Add("consumer2", "username2", "password2")),
            builder => builder.Services.AddSingleton<ConsumerStore>(_store));

        (await host.GetAsync("/", "username2:password2")).Status.ShouldBe(200);
        (await host.GetAsync("/", "username1:password1")).Status.ShouldBe(401);
        _store.Calls.ShouldBe(0);
    }

    [Fact]
    public async Task A_verified_header_is_remembered_for_a_minute_and_no_longer()
    {
        await using var host = await StartAsync();
        await host.GetAsync("/", "username1:password1");
        _store.Consumers.Clear();

        host.Time.Advance(TimeSpan.FromMinutes(1) - TimeSpan.FromTicks(1));
        (await host.GetAsync("/", "username1:password1")).Status.ShouldBe(200);
        _store.Calls.ShouldBe(1);

        host.Time.Advance(TimeSpan.FromTicks(1));
        (await host.GetAsync("/", "username1:password1")).Status.ShouldBe(401);
        _store.Calls.ShouldBe(2);
    }

    [Fact]
    public async Task To_be_remembered_does_not_prolong_the_time()
    {
        await using var host = await StartAsync(TimeSpan.FromSeconds(10));
        for (var second = 0; second < 30; second++)
        {
            (await host.GetAsync("/", "username1:password1")).Status.ShouldBe(200);
            host.Time.Advance(TimeSpan.FromSeconds(1));
        }

        _store.Calls.ShouldBe(3);
    }

    [Fact]
    public async Task What_was_refused_is_asked_for_each_time()
    {
        await using var host = await StartAsync();

        await host.GetAsync("/", "username1:wrong");
        await host.GetAsync("/", "username1:wrong");
        await host.GetAsync("/", "nobody:wrong");

        _store.Calls.ShouldBe(3);
        _store.Consumers["nobody"] = Consumer.FromPassword("nobody", "nobody", "wrong");
        (await host.GetAsync("/", "nobody:wrong")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Headers_that_share_a_long_prefix_are_different_headers()
    {
        var prefix = new string('p', 600);
        _store.Consumers["username1"] = Consumer.FromPassword("consumer1", "username1", prefix + "1");
        await using var host = await StartAsync();

        (await host.GetAsync("/", $"username1:{prefix}1")).Status.ShouldBe(200);
        (await host.GetAsync("/", $"username1:{prefix}2")).Status.ShouldBe(401);
        (await host.GetAsync("/", $"username1:{prefix}")).Status.ShouldBe(401);
        (await host.GetAsync("/", $"username1:{prefix}11")).Status.ShouldBe(401);
    }

    [Fact]
    public async Task A_store_that_fails_lets_nobody_in_and_says_so()
    {
        await using var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoute("/openai", "openai").UseBasicAuthConsumers(_ => { }),
            builder => builder.Services.AddSingleton<ConsumerStore>(new FailingConsumerStore()));

        await ShouldBeUnavailableAsync(host);
    }

    [Fact]
    public async Task So_does_one_behind_the_authentication_scheme()
    {
        await using var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoute("/openai", "openai").RequireAuthorization(),
            builder =>
            {
                builder.Services.AddSingleton<ConsumerStore>(new FailingConsumerStore());
                builder.Services.AddAuthentication().AddBasicAuthConsumers(_ => { });
                builder.Services.AddAuthorization();
            });

        await ShouldBeUnavailableAsync(host);
    }

    private static async Task ShouldBeUnavailableAsync(RouteHost host)
    {
        var answer = await host.PostAsync("/openai", "username1:password1");

        (answer.Status, answer["WWW-Authenticate"], host.Calls).ShouldBe((503, null, 0));
        answer.Text.ShouldContain("\"type\":\"server_error\",\"param\":null,\"code\":\"consumers_unavailable\"");
        answer.Text.ShouldNotContain("database");

        (await host.PostAsync("/openai", "username1:password1")).Status.ShouldBe(503);
        host.Server.Logs.Entries.Count(entry => entry.EventId.Id == 1303).ShouldBe(1);
    }

    private Task<RouteHost> StartAsync(TimeSpan? rememberFor = null) => RouteHost.StartAsync(
        app => app.MapGet("/", (Microsoft.AspNetCore.Http.HttpContext context) => context.Features.Get<IOpenAiGatewayFeature>()!.Consumer!.Name)
            .UseBasicAuthConsumers(consumers => consumers.RememberFor = rememberFor ?? consumers.RememberFor),
        builder => builder.Services.AddSingleton<ConsumerStore>(_store));

    private sealed class FailingConsumerStore : ConsumerStore
    {
        public override ValueTask<Consumer?> FindAsync(string username, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("The database is down.");
    }
}
