using OpenAi.Gateway.Testing;
using static OpenAi.Gateway.Tests.ProxyCache.Stored;

namespace OpenAi.Gateway.Tests.ProxyCache;

public class EntryMemoryExpirationTests
{
    private const int Limit = 100_000;

    private readonly ManualTimeProvider _time = new(DateTimeOffset.UnixEpoch);

    [Fact]
    public void An_entry_is_given_until_it_expires()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold(Keys.Of("a"), Bytes(1), Hour);
        memory.Hold(Keys.Of("b"), Bytes(1), Hour);

        _time.Advance(Hour - TimeSpan.FromTicks(1));
        IsHeld(memory, "a").ShouldBeTrue();
        _time.Advance(TimeSpan.FromTicks(1));
        IsHeld(memory, "a").ShouldBeFalse();
        IsHeld(memory, "b").ShouldBeFalse();

        memory.Hold(Keys.Of("a"), Bytes(2), Hour);
        IsHeld(memory, "a").ShouldBeTrue();
    }

    [Fact]
    public void What_was_used_and_has_expired_gets_no_other_turn()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold(Keys.Of("fresh"), Bytes(Limit / 3), Hour);
        memory.Hold(Keys.Of("expired"), Bytes(Limit / 3), TimeSpan.FromMinutes(1));
        IsHeld(memory, "fresh").ShouldBeTrue();
        IsHeld(memory, "expired").ShouldBeTrue();
        _time.Advance(TimeSpan.FromMinutes(2));

        memory.Hold(Keys.Of("new"), Bytes(Limit / 2), Hour);

        IsHeld(memory, "fresh").ShouldBeTrue();
        IsHeld(memory, "new").ShouldBeTrue();
    }

    [Fact]
    public void What_expired_before_it_was_asked_for_goes_when_it_is()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold(Keys.Of("a"), Bytes(1_000), Hour);
        var before = memory.Size;
        _time.Advance(Hour);

        IsHeld(memory, "a").ShouldBeFalse();

        memory.Size.ShouldBeLessThan(before);
    }

    private byte[] Bytes(int length) => _time.Bytes(length);
}
