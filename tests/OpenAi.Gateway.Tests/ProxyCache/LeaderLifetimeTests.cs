using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway.Tests.ProxyCache;

public sealed class LeaderLifetimeTests : IDisposable
{
    private readonly CancellationTokenSource _client = new();
    private readonly LeaderLifetime _lifetime;

    public LeaderLifetimeTests() => _lifetime = new LeaderLifetime(new HttpRequestLifetimeFeature { RequestAborted = _client.Token });

    [Fact]
    public void It_goes_on_for_another_one_when_its_client_leaves()
    {
        using var reader = Share().TryJoin();

        _client.Cancel();

        _lifetime.RequestAborted.IsCancellationRequested.ShouldBeFalse();
        _lifetime.GoesOn.ShouldBeTrue();
        _lifetime.ClientLeft().ShouldBeTrue("who writes the answer asks again");
    }

    [Fact]
    public void It_ends_when_the_last_of_the_others_leaves_too()
    {
        using var reader = Share().TryJoin();
        _client.Cancel();

        reader!.Leave();

        _lifetime.RequestAborted.IsCancellationRequested.ShouldBeTrue();
        _lifetime.ClientLeft().ShouldBeFalse();
    }

    // Who joined would be cut off in the middle of an answer: it is about to end.
    [Fact]
    public void Nobody_joins_a_stream_that_begins_when_its_client_has_left()
    {
        _client.Cancel();

        Share().TryJoin().ShouldBeNull();
        _lifetime.RequestAborted.IsCancellationRequested.ShouldBeTrue();
    }

    public void Dispose()
    {
        _lifetime.Dispose();
        _client.Dispose();
    }

    private SharedStream Share() => _lifetime.Share(200, [], 1_000);
}
