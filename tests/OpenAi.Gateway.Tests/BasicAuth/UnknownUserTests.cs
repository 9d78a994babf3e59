using System.Diagnostics;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Primitives;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.BasicAuth;

public class UnknownUserTests
{
    // Coarse on purpose: without the decoy an unknown user is answered a thousand times faster.
    [Fact]
    public async Task An_unknown_user_costs_the_same_work_as_a_wrong_password()
    {
        var authenticator = Authenticator(new BasicAuthConsumersOptions()
            .AddHashed("slow", "slow", Consumer.HashPassword("password1"))
            .Add("fast", "fast", "password2"));
        await BestTimeAsync(authenticator, "nobody:wrong");

        var wrong = await BestTimeAsync(authenticator, "slow:wrong");
        var unknown = await BestTimeAsync(authenticator, "nobody:wrong");
        var fast = await BestTimeAsync(authenticator, "fast:wrong");

        (unknown / wrong).ShouldBeInRange(1 / 20.0, 20.0);
        (fast / wrong).ShouldBeInRange(1 / 20.0, 20.0);
    }

    // Those of older versions of Identity have a tenth of the rounds, or less.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_unknown_user_costs_what_the_hashes_of_the_others_cost(bool isInStore)
    {
        var hasher = new PasswordHasher<object>(Microsoft.Extensions.Options.Options.Create(new PasswordHasherOptions { IterationCount = 1 }));
        var hash = hasher.HashPassword(new object(), "password1");
        var store = new CountingConsumerStore();
        store.Consumers["cheap"] = new Consumer("cheap", "cheap", hash);
        var authenticator = isInStore
            ? new BasicAuthenticator(new BasicAuthConsumersOptions(), store, TimeProvider.System, NullLogger.Instance)
            : Authenticator(new BasicAuthConsumersOptions().AddHashed("cheap", "cheap", hash).Add("fast", "fast", "password2"));

        var wrong = await BestTimeAsync(authenticator, "cheap:wrong");
        var unknown = await BestTimeAsync(authenticator, "nobody:wrong");

        (unknown / wrong).ShouldBeInRange(1 / 100.0, 100.0);
    }

    [Fact]
    public async Task A_store_with_slow_passwords_is_known_as_such_before_its_first_consumer_was_found()
    {
        var store = new CountingConsumerStore();
        var wrong = await BestTimeAsync(
            Authenticator(new BasicAuthConsumersOptions().AddHashed("slow", "slow", Consumer.HashPassword("password1"))), "slow:wrong");

        var unknown = await BestTimeAsync(new BasicAuthenticator(new BasicAuthConsumersOptions(), store, TimeProvider.System, NullLogger.Instance), "nobody:wrong");

        (unknown / wrong).ShouldBeInRange(1 / 20.0, 20.0);
    }

    [Fact]
    public async Task Whatever_was_wrong_the_answer_is_the_same()
    {
        var authenticator = Authenticator(new BasicAuthConsumersOptions().AddHashed("slow", "slow", Consumer.HashPassword("password1")));

        var wrong = await authenticator.CheckAsync(RouteHost.Basic("slow:wrong"), CancellationToken.None);
        var unknown = await authenticator.CheckAsync(RouteHost.Basic("nobody:wrong"), CancellationToken.None);

        unknown.ShouldBe(wrong);
        unknown.Error.ShouldBe(GatewayErrors.WrongCredentials);
    }

    private static BasicAuthenticator Authenticator(BasicAuthConsumersOptions options) =>
        new(options, new ConfiguredConsumerStore(options.Consumers), TimeProvider.System, NullLogger.Instance);

    private static async Task<double> BestTimeAsync(BasicAuthenticator authenticator, string credentials)
    {
        StringValues header = RouteHost.Basic(credentials);
        var best = double.MaxValue;
        for (var i = 0; i < 3; i++)
        {
            var started = Stopwatch.GetTimestamp();
            (await authenticator.CheckAsync(header, CancellationToken.None)).Consumer.ShouldBeNull();
            best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        return best;
    }
}
