using OpenAi.Gateway.Testing;

namespace OpenAi.Gateway.Tests.ProxyCache;

public class EntryMemoryTests
{
    private const int Limit = 100_000;
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly ManualTimeProvider _time = new(DateTimeOffset.UnixEpoch);

    [Fact]
    public void A_full_memory_always_has_room_for_a_new_entry()
    {
        var memory = new EntryMemory(Limit, _time);

        for (var i = 0; i < 1_000; i++)
        {
            memory.Hold($"{i}", new byte[1_000], Hour);

            memory.TryGet($"{i}", out var held).ShouldBeTrue();
            held!.Bytes.Length.ShouldBe(1_000);
            memory.Size.ShouldBeLessThanOrEqualTo(Limit);
        }

        memory.Size.ShouldBeGreaterThan(Limit * 9 / 10);
    }

    [Fact]
    public void What_was_asked_for_outlives_what_was_not()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold("asked for", new byte[1_000], Hour);
        memory.Hold("not asked for", new byte[1_000], Hour);

        for (var i = 0; i < 1_000; i++)
        {
            memory.TryGet("asked for", out _).ShouldBeTrue();
            memory.Hold($"{i}", new byte[1_000], Hour);
        }

        memory.TryGet("not asked for", out _).ShouldBeFalse();
    }

    [Fact]
    public void Whatever_nobody_asks_for_any_more_goes_in_the_end()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold("once", new byte[1_000], Hour);
        memory.TryGet("once", out _).ShouldBeTrue();

        for (var i = 0; i < 1_000; i++)
        {
            memory.Hold($"{i}", new byte[1_000], Hour);
        }

        memory.TryGet("once", out _).ShouldBeFalse();
    }

    [Fact]
    public void An_entry_is_given_until_it_expires()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold("a", [1], Hour);

        _time.Advance(Hour - TimeSpan.FromTicks(1));
        memory.TryGet("a", out _).ShouldBeTrue();
        _time.Advance(TimeSpan.FromTicks(1));
        memory.TryGet("a", out _).ShouldBeFalse();

        memory.Hold("a", [2], Hour);
        memory.TryGet("a", out var held).ShouldBeTrue();
        held!.Bytes.ShouldBe([2]);
    }

    [Fact]
    public void What_was_used_and_has_expired_gets_no_other_turn()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold("expired", new byte[Limit / 2], TimeSpan.FromMinutes(1));
        memory.Hold("fresh", new byte[Limit / 3], Hour);
        memory.TryGet("expired", out _);
        memory.TryGet("fresh", out _);
        _time.Advance(TimeSpan.FromMinutes(2));

        memory.Hold("new", new byte[Limit / 2], Hour);

        memory.TryGet("fresh", out _).ShouldBeTrue();
        memory.TryGet("new", out _).ShouldBeTrue();
    }

    [Fact]
    public void An_entry_that_is_too_large_is_not_held_and_the_one_in_its_place_is_gone()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold("other", [1], Hour);
        memory.Hold("a", [1], Hour);
        memory.Hold("a", new byte[Limit], Hour);

        memory.TryGet("a", out _).ShouldBeFalse();
        memory.TryGet("other", out _).ShouldBeTrue();
    }

    [Fact]
    public void An_entry_that_is_replaced_or_removed_again_and_again_takes_no_room_from_others()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold("other", new byte[1_000], Hour);
        for (var i = 0; i < 100_000; i++)
        {
            memory.Hold("a", new byte[30_000], Hour);
            if (i % 3 == 0)
            {
                memory.Remove("a");
                memory.TryGet("a", out _).ShouldBeFalse();
            }

            memory.TryGet("other", out _).ShouldBeTrue();
            memory.Size.ShouldBeLessThanOrEqualTo(Limit);
        }
    }

    [Fact]
    public void What_is_read_of_an_entry_counts()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold("a", new byte[100], Hour);
        memory.TryGet("a", out var held).ShouldBeTrue();
        var before = memory.Size;
        var entry = new CacheEntry(200, _time.GetUtcNow(), Hour, [new("Content-Type", new string('x', 1_000))], held!.Bytes);

        memory.Keep(held, entry);
        memory.Keep(held, entry);

        held.Entry.ShouldBeSameAs(entry);
        (memory.Size - before).ShouldBe(entry.SizeOfHead);
        entry.SizeOfHead.ShouldBeInRange(2_000, 3_000);
        memory.Remove("a");
        memory.Keep(held, entry);
        held.Entry.ShouldBeNull();
        memory.Size.ShouldBeLessThan(before);
    }

    [Fact]
    public async Task It_stays_bounded_and_gives_what_was_put_in_under_concurrency()
    {
        var memory = new EntryMemory(Limit, TimeProvider.System);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(() =>
        {
            var random = new Random(worker);
            for (var i = 0; i < 20_000; i++)
            {
                var key = random.Next(200);
                switch (random.Next(4))
                {
                    case 0:
                        memory.Hold($"{key}", BitConverter.GetBytes(key).Concat(new byte[random.Next(2_000)]).ToArray(), Hour);
                        break;
                    case 1 when i % 10 == 0:
                        memory.Remove($"{key}");
                        break;
                    default:
                        if (memory.TryGet($"{key}", out var held) && held.Bytes is { Length: > 0 } bytes)
                        {
                            BitConverter.ToInt32(bytes).ShouldBe(key);
                        }

                        break;
                }

                memory.Size.ShouldBeInRange(0, Limit);
            }
        })));

        for (var key = 0; key < 200; key++)
        {
            memory.Remove($"{key}");
        }

        // Nothing is left but the places in the queue, which the next entries take.
        for (var i = 0; i < 1_000; i++)
        {
            memory.Hold($"new-{i % 10}", new byte[5_000], Hour);
        }

        memory.Size.ShouldBeInRange(50_000, Limit);
        Enumerable.Range(0, 10).ShouldAllBe(i => IsHeld(memory, $"new-{i}"));
    }

    private static bool IsHeld(EntryMemory memory, string key) => memory.TryGet(key, out _);
}
