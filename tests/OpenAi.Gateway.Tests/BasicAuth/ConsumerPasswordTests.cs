using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Identity;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.BasicAuth;

public class ConsumerPasswordTests
{
    [Fact]
    public async Task Hashes_of_the_gateway_and_of_identity_are_taken()
    {
        var own = Consumer.HashPassword("own:pass");
        var version2 = new PasswordHasher<object>(Microsoft.Extensions.Options.Options.Create(
            new PasswordHasherOptions { CompatibilityMode = PasswordHasherCompatibilityMode.IdentityV2 })).HashPassword(new object(), "old");
        await using var host = await RouteHost.StartAsync(app => app.MapGet("/", () => "in").UseBasicAuthConsumers(consumers => consumers
            .AddHashed("own", "own", own)
            .AddHashed("identity", "identity", new PasswordHasher<object>().HashPassword(new object(), "new"))
            .AddHashed("identity2", "identity2", version2)
            .Add("clear", "clear", "clear")));

        (await host.GetAsync("/", "own:own:pass")).Status.ShouldBe(200);
        (await host.GetAsync("/", "identity:new")).Status.ShouldBe(200);
        (await host.GetAsync("/", "identity2:old")).Status.ShouldBe(200);
        (await host.GetAsync("/", "clear:clear")).Status.ShouldBe(200);
        (await host.GetAsync("/", "own:wrong")).Status.ShouldBe(401);
        (await host.GetAsync("/", "clear:wrong")).Status.ShouldBe(401);
        (await host.GetAsync("/", "nobody:wrong")).Status.ShouldBe(401);
    }

    [Fact]
    public async Task The_stored_hash_is_not_a_password()
    {
        var hash = Consumer.HashPassword("password1");
        await using var host = await RouteHost.StartAsync(app =>
            app.MapGet("/", () => "in").UseBasicAuthConsumers(consumers => consumers.AddHashed("consumer1", "username1", hash)));

        (await host.GetAsync("/", "username1:" + hash)).Status.ShouldBe(401);
        (await host.GetAsync("/", "username1:password1")).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("")]
    [InlineData("password1")]
    [InlineData("AQAAAA==")]
    [InlineData("5f4dcc3b5aa765d61d8327deb882cf99")]
    [InlineData("$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy")]
    public void Another_text_is_not_a_hash(string hash)
    {
        ConsumerPassword.IsHash(hash).ShouldBeFalse();
        Should.Throw<ArgumentException>(() => new Consumer("consumer1", "username1", hash)).Message.ShouldContain("Consumer.HashPassword");
    }

    [Fact]
    public void A_password_in_clear_is_kept_as_a_digest_only()
    {
        var consumer = Consumer.FromPassword("consumer1", "username1", "password1");

        consumer.Password.Matches("password1"u8).ShouldBeTrue();
        consumer.Password.Matches("password2"u8).ShouldBeFalse();
        consumer.Password.Matches(""u8).ShouldBeFalse();
        consumer.Password.IsSlow.ShouldBeFalse();
    }

    [Theory]
    [InlineData("", "username1", "password1")]
    [InlineData(" ", "username1", "password1")]
    [InlineData("consumer1", "", "password1")]
    [InlineData("consumer1", "username1", "")]
    public void A_consumer_has_a_name_a_user_name_and_a_password(string name, string username, string password) =>
        Should.Throw<ArgumentException>(() => Consumer.FromPassword(name, username, password));

    [Fact]
    public void Nobody_hashes_an_empty_password() => Should.Throw<ArgumentException>(() => Consumer.HashPassword(""));
}
