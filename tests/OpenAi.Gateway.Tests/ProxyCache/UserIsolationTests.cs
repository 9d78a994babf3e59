using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway.Tests.ProxyCache;

public class UserIsolationTests
{
    [Fact]
    public async Task Two_consumers_never_share()
    {
        await using var host = await StartWithConsumersAsync();

        var replies = new[] { await AsAsync(host, "alice"), await AsAsync(host, "bob"), await AsAsync(host, "alice"), await AsAsync(host, "bob") };

        replies.Select(reply => (reply.Cache, reply.Text)).ShouldBe(
            [("MISS", "{\"answer\":1}"), ("MISS", "{\"answer\":2}"), ("HIT", "{\"answer\":1}"), ("HIT", "{\"answer\":2}")]);
    }

    [Fact]
    public async Task A_stored_answer_never_goes_to_a_caller_without_credentials()
    {
        await using var host = await StartWithConsumersAsync(cache => cache.Key = ["$uri"]);
        (await AsAsync(host, "alice")).Status.ShouldBe(200);

        var replies = new[] { await host.AskAsync(), await AsAsync(host, "mallory"), await host.AskAsync(headers: ("Authorization", "Basic !")) };

        replies.ShouldAllBe(reply => reply.Status == 401 && reply.Cache == null && !reply.Text.Contains("answer\":"));
    }

    [Theory]
    [InlineData("name", "alice", "bob")]
    [InlineData("nameidentifier", "1", "2")]
    [InlineData("sub", "1", "2")]
    public async Task Two_users_of_the_app_never_share(string claim, string one, string other)
    {
        await using var host = await StartWithUsersAsync();

        var replies = new[] { await WithAsync(host, (claim, one)), await WithAsync(host, (claim, other)), await host.AskAsync(), await WithAsync(host, (claim, one)) };

        replies.Select(reply => reply.Cache).ShouldBe(["MISS", "MISS", "MISS", "HIT"]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("$consumer_name")]
    [InlineData("${consumer_name}")]
    [InlineData("user $consumer_name")]
    public async Task Two_users_with_one_display_name_do_not_share(string? part)
    {
        await using var host = await StartWithUsersAsync(cache => cache.Key = part is null ? null : [part, "$request_body"]);
        await WithAsync(host, ("name", "John Smith"), ("sub", "1"));

        (await WithAsync(host, ("name", "John Smith"), ("sub", "2"))).Cache.ShouldBe("MISS");
        (await WithAsync(host, ("name", "John Smith"), ("sub", "1"))).Cache.ShouldBe("HIT");
    }

    [Fact]
    public async Task A_name_is_not_mistaken_for_another_kind_of_name()
    {
        await using var host = await StartWithUsersAsync();
        await WithAsync(host, ("name", "42"));

        (await WithAsync(host, ("sub", "42"))).Cache.ShouldBe("MISS");
    }

    [Theory]
    [InlineData("role", "admin")]
    [InlineData("name", "")]
    public async Task An_authenticated_user_without_any_name_bypasses_the_cache(string claim, string value)
    {
        await using var host = await StartWithUsersAsync();
        await host.AskAsync();

        var replies = new[] { await WithAsync(host, (claim, value)), await WithAsync(host, (claim, value)) };

        replies.Select(reply => (reply.Cache, reply.Text)).ShouldBe([("BYPASS", "{\"answer\":2}"), ("BYPASS", "{\"answer\":3}")]);
    }

    [Fact]
    public async Task A_nameless_user_may_share_when_the_key_leaves_the_consumer_out()
    {
        await using var host = await StartWithUsersAsync(cache => cache.Key = ["$request_body"]);
        await host.AskAsync();

        (await WithAsync(host, ("role", "admin"))).Cache.ShouldBe("HIT");
    }

    private static Task<CacheHost> StartWithConsumersAsync(Action<ProxyCacheOptions>? cache = null) => CacheHost.StartAsync(
        CacheHost.Numbered(),
        map: app => CacheHost.MapAsk(app)
            .UseProxyCache(cache)
            .UseBasicAuthConsumers(consumers => consumers.Add("a", "alice", "pw-alice").Add("b", "bob", "pw-bob")));

    // The app authenticates with a header of its own: "X-Claims: name=alice;role=admin".
    private static Task<CacheHost> StartWithUsersAsync(Action<ProxyCacheOptions>? cache = null) => CacheHost.StartAsync(CacheHost.Numbered(), map: app =>
    {
        app.Use((context, next) =>
        {
            if (context.Request.Headers["X-Claims"] is { Count: > 0 } claims)
            {
                context.User = new ClaimsPrincipal(new ClaimsIdentity(claims.ToString().Split(';').Select(ToClaim), "app"));
            }

            return next(context);
        });
        CacheHost.MapAsk(app).UseProxyCache(cache);
    });

    private static Claim ToClaim(string text)
    {
        var parts = text.Split('=');
        var type = parts[0] switch { "name" => ClaimTypes.Name, "nameidentifier" => ClaimTypes.NameIdentifier, var other => other };
        return new Claim(type, parts[1]);
    }

    private static Task<CacheReply> AsAsync(CacheHost host, string user) => host.AskAsync(headers: ("Authorization", CacheHost.Basic(user)));

    private static Task<CacheReply> WithAsync(CacheHost host, params (string Type, string Value)[] claims) =>
        host.AskAsync(headers: ("X-Claims", string.Join(';', claims.Select(claim => $"{claim.Type}={claim.Value}"))));
}
