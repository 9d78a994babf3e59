using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway.Tests.Forwarding;

/// <summary>The attempts of a connection share a clock, one after the other; nothing that ends one may end the next.</summary>
public class ForwardClockTests
{
    private readonly GatewayRequest _connection = GatewayRequest.Of(new DefaultHttpContext());

    [Fact]
    public void The_clock_of_an_attempt_that_has_ended_serves_the_next_one()
    {
        using var client = new CancellationTokenSource();
        var first = Begin(client.Token);
        first.Dispose();

        Begin(default).ShouldBeSameAs(first);
    }

    [Fact]
    public void A_clock_that_runs_serves_nobody_else()
    {
        var first = Begin(default);

        Begin(default).ShouldNotBeSameAs(first);
    }

    [Fact]
    public void A_client_that_leaves_ends_its_own_attempt_alone()
    {
        using var gone = new CancellationTokenSource();
        using var client = new CancellationTokenSource();
        Begin(gone.Token).Dispose();
        var next = Begin(client.Token);

        gone.Cancel();
        next.Token.IsCancellationRequested.ShouldBeFalse();
        client.Cancel();
        next.Token.IsCancellationRequested.ShouldBeTrue();
        next.HasTimedOut.ShouldBeFalse();
    }

    [Fact]
    public void What_waited_for_the_attempt_before_is_not_told_of_the_end_of_the_next_one()
    {
        using var client = new CancellationTokenSource();
        var isTold = false;
        var first = Begin(default);
        first.Token.Register(() => isTold = true);
        first.Dispose();
        var next = Begin(client.Token);

        client.Cancel();

        next.Token.IsCancellationRequested.ShouldBeTrue();
        isTold.ShouldBeFalse();
    }

    [Fact]
    public void The_next_attempt_has_a_time_of_its_own()
    {
        var first = Begin(default);
        first.Restart(TimeSpan.FromHours(1));
        first.Dispose();
        var next = Begin(default);

        next.Restart(TimeSpan.Zero);

        next.Token.WaitHandle.WaitOne(TimeSpan.FromSeconds(10)).ShouldBeTrue();
        next.HasTimedOut.ShouldBeTrue();
    }

    [Fact]
    public void A_clock_that_has_cancelled_is_not_used_again()
    {
        using var client = new CancellationTokenSource();
        var first = Begin(client.Token);
        client.Cancel();
        first.Dispose();

        var next = Begin(default);
        next.ShouldNotBeSameAs(first);
        next.Token.IsCancellationRequested.ShouldBeFalse();
    }

    private ForwardClock Begin(CancellationToken clientGone) => _connection.BeginClock(TimeProvider.System, clientGone);
}
