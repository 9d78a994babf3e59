namespace OpenAi.Gateway.Tests.Forwarding;

public sealed class GoDurationTests
{
    [Theory]
    [InlineData("12ms", 0.012)]
    [InlineData("1s", 1)]
    [InlineData("6m0s", 360)]
    [InlineData("1h2m3.5s", 3723.5)]
    [InlineData("500us", 0.0005)]
    [InlineData("500µs", 0.0005)]
    [InlineData("1m0.5s", 60.5)]
    [InlineData("0s", 0)]
    [InlineData("30", 30)]
    [InlineData(" 1.5 ", 1.5)]
    public void A_time_is_read(string text, double seconds) => GoDuration.Parse(text).ShouldBe(TimeSpan.FromSeconds(seconds));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("1d")]
    [InlineData("1m30")]
    [InlineData("1..5s")]
    [InlineData("NaN")]
    [InlineData("tomorrow")]
    public void Anything_else_is_none(string? text) => GoDuration.Parse(text).ShouldBeNull();

    [Fact]
    public void A_time_beyond_all_bounds_is_a_long_one() => GoDuration.Parse(new string('9', 300) + "h").ShouldBe(TimeSpan.FromSeconds(1e9));
}
