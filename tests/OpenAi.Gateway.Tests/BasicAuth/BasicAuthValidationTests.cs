using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Options;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.BasicAuth;

public class BasicAuthValidationTests
{
    [Theory]
    [InlineData("", "username1", "password1", "Name")]
    [InlineData("  ", "username1", "password1", "Name")]
    [InlineData("consumer1", "", "password1", "Username")]
    [InlineData("consumer1", null, "password1", "Username")]
    [InlineData("consumer1", "user:name", "password1", "without ':'")]
    [InlineData("consumer1", "user\nname", "password1", "control characters")]
    [InlineData("consumer1", "username1", "", "either Password or PasswordHash")]
    [InlineData("consumer1", "username1", null, "either Password or PasswordHash")]
    [InlineData("consumer1", "username1", "pass\0word", "control characters")]
    public void A_consumer_with_a_wrong_value_is_refused(string name, string? username, string? password, string reason) =>
        Refusal(options => options.Add(name, username!, password!)).ShouldContain(reason);

    [Theory]
    [InlineData("")]
    [InlineData("password1")]
    [InlineData("AQAAAA==")]
    public void A_wrong_hash_is_refused_with_the_way_to_make_one(string hash) =>
        Refusal(options => options.AddHashed("consumer1", "username1", hash)).ShouldContain("Make one with Consumer.HashPassword");

    [Fact]
    public void Password_and_hash_together_are_refused() =>
        Refusal(options => options.Consumers.Add(new BasicAuthConsumerOptions
        {
            Name = "consumer1",
            Username = "username1",
            Password = "password1",
            PasswordHash = Consumer.HashPassword("password1"),
        })).ShouldContain("either Password or PasswordHash");

    [Fact]
    public void A_consumer_that_is_null_is_refused() => Refusal(options => options.Consumers.Add(null!)).ShouldContain("Consumers: has an entry that is null");

    [Theory]
    [InlineData("consumer1", "username2", "'consumer1' is used by 2 consumers")]
    [InlineData("consumer2", "username1", "'username1' is used by 2 consumers")]
    public void Names_and_user_names_are_given_once(string name, string username, string reason) =>
        Refusal(options => options.Add("consumer1", "username1", "password1").Add(name, username, "password2")).ShouldContain(reason);

    [Theory]
    [InlineData("")]
    [InlineData("a\"b")]
    [InlineData("a\\b")]
    [InlineData("a\r\nb")]
    [InlineData("räume")]
    public void A_realm_that_cannot_stand_in_the_challenge_is_refused(string realm) =>
        Refusal(options => options.Add("consumer1", "username1", "password1").Realm = realm).ShouldContain("Realm");

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void The_time_to_remember_is_longer_than_zero(int seconds) =>
        Refusal(options => options.Add("consumer1", "username1", "password1").RememberFor = TimeSpan.FromSeconds(seconds)).ShouldContain("RememberFor");

    [Fact]
    public void A_refusal_tells_no_password() =>
        Refusal(options => options.Add("consumer1", "user:name", "canary").AddHashed("consumer1", "u", "canary")).ShouldNotContain("canary");

    [Fact]
    public async Task Without_consumers_and_store_no_app_starts_wherever_the_policy_is_written()
    {
        const string Remedy = "Add one, for example consumers.Add(\"consumer1\"";
        (await RouteHost.StartErrorAsync(app => app.UseBasicAuthConsumers(_ => { }))).ShouldContain(Remedy);
        (await RouteHost.StartErrorAsync(app => app.MapGet("/", () => "in").UseBasicAuthConsumers(_ => { }))).ShouldContain(Remedy);
        (await RouteHost.StartErrorAsync(app => app.MapOpenAiRoute("/", "openai").UseBasicAuthConsumers(_ => { }))).ShouldContain(Remedy);
        (await RouteHost.StartErrorAsync(app => app.MapGroup("/g").UseBasicAuthConsumers(_ => { }).MapGet("/", () => "in"))).ShouldContain(Remedy);
    }

    private static string Refusal(Action<BasicAuthConsumersOptions> configure)
    {
        var error = Should.Throw<OptionsValidationException>(() => BasicAuthPolicy.From(configure));
        error.Message.ShouldStartWith("UseBasicAuthConsumers: ");
        return error.Message;
    }
}
