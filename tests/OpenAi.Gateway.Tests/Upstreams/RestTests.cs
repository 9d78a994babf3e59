namespace OpenAi.Gateway.Tests.Upstreams;

public sealed class RestTests
{
    private static readonly TimeSpan Cooldown = TimeSpan.FromSeconds(10);

    private readonly ManualTimeProvider _time = new();
    private readonly Rest _rest;

    public RestTests() => _rest = new Rest(_time);

    [Fact]
    public void A_rest_that_nobody_asked_for_ends_with_a_success()
    {
        _rest.Begin(null, Cooldown);
        (_rest.Left, _rest.AskedLeft).ShouldBe((Cooldown, TimeSpan.Zero));

        _rest.End();

        _rest.Left.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void A_rest_that_was_asked_for_lasts_whatever_comes()
    {
        _rest.Begin(TimeSpan.FromSeconds(60), Cooldown);
        _time.Advance(TimeSpan.FromSeconds(1));
        _rest.Begin(TimeSpan.FromSeconds(2), Cooldown);
        _rest.Begin(null, Cooldown);
        _rest.End();

        (_rest.Left, _rest.AskedLeft).ShouldBe((TimeSpan.FromSeconds(59), TimeSpan.FromSeconds(59)));
        _time.Advance(TimeSpan.FromSeconds(60));
        _rest.Left.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void Of_many_at_once_the_longest_is_kept()
    {
        Parallel.For(1, 1_001, seconds => _rest.Begin(TimeSpan.FromSeconds(seconds), Cooldown));

        _rest.AskedLeft.ShouldBe(TimeSpan.FromSeconds(1_000));
    }
}
