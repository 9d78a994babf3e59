using System.Buffers.Binary;
using System.Runtime.InteropServices;
using OpenAi.Gateway.Testing;
using static OpenAi.Gateway.Tests.ProxyCache.Stored;

namespace OpenAi.Gateway.Tests.ProxyCache;

public class EntryMemoryTests
{
    private const int Limit = 100_000;

    private readonly ManualTimeProvider _time = new(DateTimeOffset.UnixEpoch);

    [Fact]
    public void A_full_memory_always_has_room_for_a_new_entry()
    {
        var memory = new EntryMemory(Limit, _time);

        for (var i = 0; i < 1_000; i++)
        {
            memory.Hold(Keys.Of($"{i}"), Bytes(1_000), Hour);

            memory.Size.ShouldBeInRange(1_000, Limit);
            LengthOf(memory, i % 2 == 0 ? $"{i}" : "none").ShouldBe(i % 2 == 0 ? 1_000 : null);
        }

        memory.Size.ShouldBeGreaterThan(Limit * 8 / 10);
    }

    [Fact]
    public void What_was_asked_for_outlives_what_was_not()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold(Keys.Of("asked for"), Bytes(1_000), Hour);
        memory.Hold(Keys.Of("not asked for"), Bytes(1_000), Hour);

        for (var i = 0; i < 1_000; i++)
        {
            IsHeld(memory, "asked for").ShouldBeTrue();
            memory.Hold(Keys.Of($"{i}"), Bytes(1_000), Hour);
        }

        IsHeld(memory, "not asked for").ShouldBeFalse();
    }

    [Fact]
    public void What_was_asked_for_once_outlives_what_came_with_it_and_goes_in_the_end()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold(Keys.Of("once"), Bytes(1_000), Hour);
        memory.Hold(Keys.Of("never"), Bytes(1_000), Hour);
        Hold(memory, 0, 50);
        IsHeld(memory, "once").ShouldBeTrue();

        Hold(memory, 50, 100);
        IsHeld(memory, "never").ShouldBeFalse();
        IsHeld(memory, "once").ShouldBeTrue();

        Hold(memory, 100, 1_000);
        IsHeld(memory, "once").ShouldBeFalse();
    }

    [Fact]
    public void The_order_is_that_of_coming_whether_asked_for_or_not()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold(Keys.Of("first"), Bytes(1_000), Hour);
        IsHeld(memory, "first").ShouldBeTrue();
        Hold(memory, 0, 70);

        memory.Hold(Keys.Of("new"), Bytes(50_000), Hour);

        IsHeld(memory, "69").ShouldBeTrue();
        IsHeld(memory, "new").ShouldBeTrue();
        IsHeld(memory, "first").ShouldBeFalse();
    }

    [Fact]
    public void What_was_asked_for_leaves_behind_what_came_with_it()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold(Keys.Of("asked for"), Bytes(1_000), Hour);
        memory.Hold(Keys.Of("not asked for"), Bytes(1_000), Hour);
        IsHeld(memory, "asked for").ShouldBeTrue();

        memory.Hold(Keys.Of("new"), Bytes(Limit - 5_000), Hour);

        IsHeld(memory, "asked for").ShouldBeTrue();
        IsHeld(memory, "not asked for").ShouldBeFalse();
    }

    [Fact]
    public void A_large_memory_begins_small()
    {
        var memory = new EntryMemory(1L << 33, _time);

        memory.Hold(Keys.Of("a"), Bytes(1_000), Hour);

        memory.Size.ShouldBeInRange(1_000, 1 << 20);
        IsHeld(memory, "a").ShouldBeTrue();
    }

    [Fact]
    public void An_entry_that_is_too_large_is_not_held_and_the_one_in_its_place_is_gone()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold(Keys.Of("other"), Bytes(1), Hour);
        memory.Hold(Keys.Of("a"), Bytes(1), Hour);
        memory.Hold(Keys.Of("a"), Bytes(Limit), Hour);

        IsHeld(memory, "a").ShouldBeFalse();
        IsHeld(memory, "other").ShouldBeTrue();
    }

    [Theory]
    [InlineData(Limit / 8)]
    [InlineData(Limit - 500)]
    public void The_bytes_of_a_long_entry_are_not_copied(int length)
    {
        var memory = new EntryMemory(Limit, _time);
        var bytes = Bytes(length);
        memory.Hold(Keys.Of("a"), bytes, Hour);

        MemoryMarshal.TryGetArray(memory.Get(Keys.Of("a"))!.Entry!.Body, out var body).ShouldBeTrue();

        body.Array.ShouldBeSameAs(bytes);
        memory.Size.ShouldBeInRange(length, Limit);
        memory.Hold(Keys.Of("a"), Bytes(1), Hour);
        LengthOf(memory, "a").ShouldBe(1);
    }

    [Fact]
    public void A_long_entry_that_nobody_asked_for_leaves_in_the_order_of_coming()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold(Keys.Of("first"), Bytes(30_000), Hour);
        memory.Hold(Keys.Of("second"), Bytes(30_000), Hour);
        memory.Hold(Keys.Of("third"), Bytes(30_000), Hour);

        memory.Hold(Keys.Of("fourth"), Bytes(30_000), Hour);

        IsHeld(memory, "first").ShouldBeFalse();
        IsHeld(memory, "second").ShouldBeTrue();
        IsHeld(memory, "third").ShouldBeTrue();
        IsHeld(memory, "fourth").ShouldBeTrue();
    }

    [Fact]
    public void An_entry_that_is_replaced_or_removed_again_and_again_takes_no_room_from_one_that_is_used()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold(Keys.Of("other"), Bytes(1_000), Hour);
        for (var i = 0; i < 10_000; i++)
        {
            memory.Hold(Keys.Of("a"), Bytes(30_000), Hour);
            if (i % 3 == 0)
            {
                memory.Remove(Keys.Of("a"));
            }

            IsHeld(memory, "a").ShouldBe(i % 3 != 0);
            IsHeld(memory, "other").ShouldBeTrue();
            memory.Size.ShouldBeInRange(1_000, Limit);
        }

        Hold(memory, 0, 200);
        Enumerable.Range(0, 200).Count(i => IsHeld(memory, $"{i}")).ShouldBeLessThan(Limit / 1_000);
    }

    [Fact]
    public void A_short_entry_that_is_replaced_and_never_asked_for_takes_no_room_from_others()
    {
        var memory = new EntryMemory(Limit, _time);
        memory.Hold(Keys.Of("other"), Bytes(1_000), Hour);
        for (var i = 0; i < 10_000; i++)
        {
            memory.Hold(Keys.Of("a"), Bytes(i % 2 == 0 ? 1_000 : 2_000), Hour);
        }

        IsHeld(memory, "other").ShouldBeTrue();
    }

    [Fact]
    public void Nothing_of_an_entry_that_was_replaced_comes_back()
    {
        var memory = new EntryMemory(Limit, _time);
        for (var i = 1; i <= 1_000; i++)
        {
            memory.Hold(Keys.Of("a"), Bytes(i), Hour);
            if (i % 2 == 0)
            {
                LengthOf(memory, "a").ShouldBe(i);
            }
        }

        LengthOf(memory, "a").ShouldBe(1_000);
    }

    [Fact]
    public void What_is_read_of_an_entry_is_kept_and_counts()
    {
        var memory = new EntryMemory(Limit, _time);
        var bytes = CacheEntryFormat.Write(_time.Entry(100, new string('x', 1_000)));
        memory.Hold(Keys.Of("a"), bytes, Hour);
        var before = memory.Size;

        var held = memory.Get(Keys.Of("a"));

        held.ShouldNotBeNull();
        memory.Get(Keys.Of("a")).ShouldBeSameAs(held);
        (memory.Size - before - bytes.Length - held.Entry!.SizeOfHead).ShouldBeInRange(100, 300, "objects and places");
        held.Entry.SizeOfHead.ShouldBeInRange(2_000, 3_000);
        memory.Remove(Keys.Of("a"));
        held.Entry.ShouldBeNull();
        memory.Get(Keys.Of("a")).ShouldBeNull();
    }

    [Fact]
    public void What_is_read_of_entries_finds_its_room()
    {
        var memory = new EntryMemory(Limit, _time);
        for (var i = 0; i < 200; i++)
        {
            memory.Hold(Keys.Of($"{i}"), CacheEntryFormat.Write(_time.Entry(100, new string('x', 1_000))), Hour);
        }

        for (var i = 0; i < 200; i++)
        {
            memory.Get(Keys.Of($"{i}"));
            memory.Size.ShouldBeLessThanOrEqualTo(Limit);
        }

        memory.Size.ShouldBeGreaterThan(Limit * 8 / 10);
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
                        memory.Hold(Keys.Of($"{key}"), Bytes(4 + random.Next(2_000), key), Hour);
                        break;
                    case 1 when i % 10 == 0:
                        memory.Remove(Keys.Of($"{key}"));
                        break;
                    default:
                        if (memory.Get(Keys.Of($"{key}"))?.Entry is { } entry)
                        {
                            BinaryPrimitives.ReadInt32LittleEndian(entry.Body.Span).ShouldBe(key);
                            entry.Body.Span[4..].ContainsAnyExcept((byte)0).ShouldBeFalse();
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

        // Nothing is left but places in the queue and the log, which the next entries take.
        for (var i = 0; i < 1_000; i++)
        {
            memory.Hold(Keys.Of($"new-{i % 10}"), Bytes(5_000), Hour);
        }

        memory.Size.ShouldBeInRange(50_000, Limit);
        Enumerable.Range(0, 10).ShouldAllBe(i => IsHeld(memory, $"new-{i}"));
    }

    private void Hold(EntryMemory memory, int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            memory.Hold(Keys.Of($"{i}"), Bytes(1_000), Hour);
        }
    }

    private static int? LengthOf(EntryMemory memory, string key) => memory.Get(Keys.Of(key))?.Entry?.Body.Length;

    // The bytes of an entry with a body of this length.
    private byte[] Bytes(int length, int number = 0)
    {
        var bytes = _time.Bytes(length);
        if (number > 0)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(^length..), number);
        }

        return bytes;
    }
}
