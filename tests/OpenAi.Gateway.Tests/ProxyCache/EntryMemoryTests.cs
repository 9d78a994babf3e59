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
            memory.Hold(Keys.Of($"{i}"), new byte[1_000], Hour);

            memory.TryGet(Keys.Of($"{i}"), out var held).ShouldBeTrue();
            held!.Bytes.Length.ShouldBe(1_000);
            memory.Size.ShouldBeLessThanOrEqualTo(Limit);
        }

        memory.Size.ShouldBeGreaterThan(Limit * 9 / 10);
    }

    [Fact]
    public void What_was_asked_for_outlives_what_was_not()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold(Keys.Of("asked for"), new byte[1_000], Hour);
        memory.Hold(Keys.Of("not asked for"), new byte[1_000], Hour);

        for (var i = 0; i < 1_000; i++)
        {
            memory.TryGet(Keys.Of("asked for"), out _).ShouldBeTrue();
            memory.Hold(Keys.Of($"{i}"), new byte[1_000], Hour);
        }

        memory.TryGet(Keys.Of("not asked for"), out _).ShouldBeFalse();
    }

    [Fact]
    public void Whatever_nobody_asks_for_any_more_goes_in_the_end()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold(Keys.Of("once"), new byte[1_000], Hour);
        memory.TryGet(Keys.Of("once"), out _).ShouldBeTrue();

        for (var i = 0; i < 1_000; i++)
        {
            memory.Hold(Keys.Of($"{i}"), new byte[1_000], Hour);
        }

        memory.TryGet(Keys.Of("once"), out _).ShouldBeFalse();
    }

    [Fact]
    public void An_entry_is_given_until_it_expires()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold(Keys.Of("a"), [1], Hour);

        _time.Advance(Hour - TimeSpan.FromTicks(1));
        memory.TryGet(Keys.Of("a"), out _).ShouldBeTrue();
        _time.Advance(TimeSpan.FromTicks(1));
        memory.TryGet(Keys.Of("a"), out _).ShouldBeFalse();

        memory.Hold(Keys.Of("a"), [2], Hour);
        memory.TryGet(Keys.Of("a"), out var held).ShouldBeTrue();
        held!.Bytes.ShouldBe([2]);
    }

    [Fact]
    public void What_was_used_and_has_expired_gets_no_other_turn()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold(Keys.Of("expired"), new byte[Limit / 2], TimeSpan.FromMinutes(1));
        memory.Hold(Keys.Of("fresh"), new byte[Limit / 3], Hour);
        memory.TryGet(Keys.Of("expired"), out _);
        memory.TryGet(Keys.Of("fresh"), out _);
        _time.Advance(TimeSpan.FromMinutes(2));

        memory.Hold(Keys.Of("new"), new byte[Limit / 2], Hour);

        memory.TryGet(Keys.Of("fresh"), out _).ShouldBeTrue();
        memory.TryGet(Keys.Of("new"), out _).ShouldBeTrue();
    }

    [Fact]
    public void An_entry_that_is_too_large_is_not_held_and_the_one_in_its_place_is_gone()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold(Keys.Of("other"), [1], Hour);
        memory.Hold(Keys.Of("a"), [1], Hour);
        memory.Hold(Keys.Of("a"), new byte[Limit], Hour);

        memory.TryGet(Keys.Of("a"), out _).ShouldBeFalse();
        memory.TryGet(Keys.Of("other"), out _).ShouldBeTrue();
    }

    [Fact]
    public void An_entry_that_is_replaced_or_removed_again_and_again_takes_no_room_from_others()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold(Keys.Of("other"), new byte[1_000], Hour);
        for (var i = 0; i < 100_000; i++)
        {
            memory.Hold(Keys.Of("a"), new byte[30_000], Hour);
            if (i % 3 == 0)
            {
                memory.Remove(Keys.Of("a"));
                memory.TryGet(Keys.Of("a"), out _).ShouldBeFalse();
            }

            memory.TryGet(Keys.Of("other"), out _).ShouldBeTrue();
            memory.Size.ShouldBeLessThanOrEqualTo(Limit);
        }
    }

    [Fact]
    public void What_is_read_of_an_entry_counts()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold(Keys.Of("a"), new byte[100], Hour);
        memory.TryGet(Keys.Of("a"), out var held).ShouldBeTrue();
        var before = memory.Size;
        var entry = Read(held!);

        memory.Keep(held!, entry);
        memory.Keep(held!, entry);

        held!.Entry.ShouldBeSameAs(entry);
        (memory.Size - before).ShouldBe(entry.SizeOfHead);
        entry.SizeOfHead.ShouldBeInRange(2_000, 3_000);
        memory.Remove(Keys.Of("a"));
        memory.Keep(held, entry);
        held.Entry.ShouldBeNull();
        memory.Size.ShouldBeLessThan(before);
    }

    [Fact]
    public void What_is_read_of_entries_finds_its_room()
    {
        var memory = new EntryMemory(Limit, _time);
        for (var i = 0; i < 200; i++)
        {
            memory.Hold(Keys.Of($"{i}"), new byte[100], Hour);
        }

        for (var i = 0; i < 200; i++)
        {
            if (memory.TryGet(Keys.Of($"{i}"), out var held))
            {
                memory.Keep(held, Read(held));
                memory.Size.ShouldBeLessThanOrEqualTo(Limit);
            }
        }

        memory.Size.ShouldBeGreaterThan(Limit * 9 / 10);
    }

    [Fact]
    public void What_is_read_of_an_entry_that_had_to_go_is_not_kept()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold(Keys.Of("a"), new byte[1_000], Hour);
        memory.TryGet(Keys.Of("a"), out var held).ShouldBeTrue();
        var entry = Read(held!);
        for (var i = 0; i < 200; i++)
        {
            memory.Hold(Keys.Of($"{i}"), new byte[1_000], Hour);
        }

        var before = memory.Size;
        memory.TryGet(Keys.Of("a"), out _).ShouldBeFalse();

        memory.Keep(held!, entry);

        held!.Entry.ShouldBeNull();
        memory.Size.ShouldBe(before);
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
                        memory.Hold(Keys.Of($"{key}"), BitConverter.GetBytes(key).Concat(new byte[random.Next(2_000)]).ToArray(), Hour);
                        break;
                    case 1 when i % 10 == 0:
                        memory.Remove(Keys.Of($"{key}"));
                        break;
                    default:
                        if (memory.TryGet(Keys.Of($"{key}"), out var held) && held.Bytes is { Length: > 0 } bytes)
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
            memory.Remove(Keys.Of($"{key}"));
        }

        // Nothing is left but the places in the queue, which the next entries take.
        for (var i = 0; i < 1_000; i++)
        {
            memory.Hold(Keys.Of($"new-{i % 10}"), new byte[5_000], Hour);
        }

        memory.Size.ShouldBeInRange(50_000, Limit);
        Enumerable.Range(0, 10).ShouldAllBe(i => IsHeld(memory, $"new-{i}"));
    }

    private CacheEntry Read(HeldEntry held) => new(200, _time.GetUtcNow(), Hour, [new("Content-Type", new string('x', 1_000))], held.Bytes);

    private static bool IsHeld(EntryMemory memory, string key) => memory.TryGet(Keys.Of(key), out _);
}
