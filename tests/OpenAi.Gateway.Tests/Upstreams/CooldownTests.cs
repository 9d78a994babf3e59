namespace OpenAi.Gateway.Tests.Upstreams;

public sealed class CooldownTests
{
    private static readonly TimeSpan Cooldown = TimeSpan.FromSeconds(10);

    private readonly ManualTimeProvider _time = new();
    private readonly Cooldown _cooldown;

    public CooldownTests() => _cooldown = new Cooldown(_time);

    [Fact]
    public void A_rest_that_nobody_asked_for_ends_with_a_success()
    {
        _cooldown.Begin(null, Cooldown);
        (_cooldown.Left, _cooldown.AskedLeft).ShouldBe((Cooldown, TimeSpan.Zero));

        _cooldown.End();

        _cooldown.Left.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void A_rest_that_was_asked_for_lasts_whatever_comes()
    {
        _cooldown.Begin(TimeSpan.FromSeconds(60), Cooldown);
        _time.Advance(TimeSpan.FromSeconds(1));
        _cooldown.Begin(TimeSpan.FromSeconds(2), Cooldown);
        _cooldown.Begin(null, Cooldown);
        _cooldown.End();

        (_cooldown.Left, _cooldown.AskedLeft).ShouldBe((TimeSpan.FromSeconds(59), TimeSpan.FromSeconds(59)));
        _time.Advance(TimeSpan.FromSeconds(60));
        _cooldown.Left.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void Of_many_at_once_the_longest_is_kept()
    {
        Parallel.For(1, 1_001, seconds => _cooldown.Begin(TimeSpan.FromSeconds(seconds), Cooldown));

        _cooldown.AskedLeft.ShouldBe(TimeSpan.FromSeconds(1_000));
    }
}
