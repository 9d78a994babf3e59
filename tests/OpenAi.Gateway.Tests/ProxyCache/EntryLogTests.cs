namespace OpenAi.Gateway.Tests.ProxyCache;

public class EntryLogTests
{
    private const int SegmentSize = 1_000;
    private static readonly EntryLifetime Lifetime = new(HeldAt: 7, TimeSpan.FromHours(1));

    private readonly EntryLog _log = new(SegmentSize);

    [Fact]
    public void An_entry_is_taken_out_once()
    {
        Append("a", 1);
        Append("b", 2);

        _log.Take(Keys.Of("a"), out var lifetime).ShouldBe([1, 1, 1]);
        lifetime.ShouldBe(Lifetime);
        _log.Take(Keys.Of("a"), out _).ShouldBeNull();
        _log.Take(Keys.Of("b"), out _).ShouldBe([2, 2, 2]);
        _log.Take(Keys.Of("c"), out _).ShouldBeNull();
    }

    [Fact]
    public void The_oldest_segment_goes_with_its_entries()
    {
        Fill(0, 100);
        var segments = _log.Newest - _log.Oldest + 1;
        segments.ShouldBeInRange(4, 10);
        _log.RemoveOldest();

        _log.Take(Keys.Of("0"), out _).ShouldBeNull();
        _log.Take(Keys.Of("99"), out _).ShouldBe([99, 99, 99]);
        Empty(_log);

        _log.Size.ShouldBe(0);
        _log.Take(Keys.Of("98"), out _).ShouldBeNull();
    }

    [Fact]
    public void An_entry_that_came_again_stays_when_its_first_segment_goes()
    {
        Append("a", 1);
        _log.Remove(Keys.Of("a"));
        _log.Remove(Keys.Of("a"));
        for (var i = 0; _log.Newest == _log.Oldest; i++)
        {
            Append($"{i}", 2);
        }

        Append("a", 3);
        _log.RemoveOldest();

        _log.Take(Keys.Of("a"), out _).ShouldBe([3, 3, 3]);
    }

    [Fact]
    public void An_entry_that_came_again_at_the_same_place_of_another_segment_stays()
    {
        Append("a", 1);
        _log.Remove(Keys.Of("a"));
        for (var i = 0; _log.SizeToAppend([3, 3, 3]) < SegmentSize; i++)
        {
            Append($"{i}", 2);
        }

        Append("a", 3);
        _log.RemoveOldest();

        _log.Take(Keys.Of("a"), out _).ShouldBe([3, 3, 3]);
    }

    [Fact]
    public void What_was_taken_is_not_changed_when_its_memory_is_written_again()
    {
        Append("a", 1);
        var taken = _log.Take(Keys.Of("a"), out _);
        _log.RemoveOldest();
        Fill(0, 100);

        taken.ShouldBe([1, 1, 1]);
    }

    [Fact]
    public void The_memory_of_a_segment_that_went_is_written_again()
    {
        const int Large = 100_000;
        var log = new EntryLog(Large);
        var (keys, entry) = (Enumerable.Range(0, 100).Select(i => Keys.Of($"{i}")).ToArray(), new byte[20_000]);
        void AppendAll()
        {
            foreach (var key in keys)
            {
                log.Append(key, entry, Lifetime);
                if (log.Newest > log.Oldest)
                {
                    log.RemoveOldest();
                }
            }

            Empty(log);
        }

        AppendAll();
        var before = GC.GetAllocatedBytesForCurrentThread();
        AppendAll();

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(2 * Large);
    }

    [Fact]
    public void An_entry_is_too_long_when_it_takes_more_than_a_quarter_of_a_segment()
    {
        var head = EntrySegment.SizeOf([]);

        _log.IsTooLong(new byte[(SegmentSize / 4) - head]).ShouldBeFalse();
        _log.IsTooLong(new byte[(SegmentSize / 4) - head + 1]).ShouldBeTrue();
    }

    [Fact]
    public void A_segment_is_filled_to_its_last_byte()
    {
        var entry = new byte[(SegmentSize / 4) - EntrySegment.SizeOf([])];
        for (var i = 0; i < 4; i++)
        {
            _log.Append(Keys.Of($"{i}"), entry, Lifetime);
        }

        _log.Newest.ShouldBe(1);
        _log.SizeToAppend([]).ShouldBeGreaterThan(SegmentSize);
        _log.Append(Keys.Of("next"), [], Lifetime);
        _log.Newest.ShouldBe(2);
    }

    [Fact]
    public void The_table_shrinks_with_what_is_in_it()
    {
        var (log, keys) = (new EntryLog(10_000_000), Enumerable.Range(0, 100_000).Select(i => Keys.Of($"{i}")).ToArray());
        long AllocatedToAppend(int first)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            foreach (var key in keys.AsSpan(first))
            {
                log.Append(key, [1, 2, 3], Lifetime);
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        AllocatedToAppend(0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var key in keys.AsSpan(40_000))
        {
            log.Remove(key);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0, "it is copied when most of it is empty, not with each that goes");
        foreach (var key in keys.AsSpan(1_000))
        {
            log.Remove(key);
        }

        AllocatedToAppend(1_000).ShouldBeGreaterThan(8_000_000, "the table has to grow again");
        Array.TrueForAll(keys, key => log.Take(key, out _) is [1, 2, 3]).ShouldBeTrue();
    }

    [Fact]
    public void It_tells_beforehand_what_an_entry_takes()
    {
        for (var i = 0; i < 100; i++)
        {
            var (size, announced) = (_log.Size, _log.SizeToAppend([1, 1, 1]));

            Append($"{i}", 1);

            (_log.Size - size).ShouldBe(announced);
        }
    }

    [Fact]
    public void What_was_taken_out_leaves_its_room()
    {
        Fill(0, 100);
        var full = _log.Size;

        for (var i = 0; i < 100; i++)
        {
            if (i % 5 != 0)
            {
                _log.Take(Keys.Of($"{i}"), out _).ShouldBe([(byte)i, (byte)i, (byte)i]);
            }
        }

        _log.Size.ShouldBeLessThan(full / 2);
        for (var i = 0; i < 100; i++)
        {
            _log.Take(Keys.Of($"{i}"), out var lifetime).ShouldBe(i % 5 == 0 ? [(byte)i, (byte)i, (byte)i] : null);
            lifetime.ShouldBe(i % 5 == 0 ? Lifetime : default);
        }

        _log.Size.ShouldBe(SegmentSize, "the one that is being filled");
        Empty(_log);

        _log.Size.ShouldBe(0);
    }

    [Fact]
    public void What_is_left_of_a_segment_goes_at_its_turn()
    {
        Append("stays", 1);
        Fill(0, 100);
        for (var i = 0; i < 100; i++)
        {
            _log.Remove(Keys.Of($"{i}"));
        }

        Fill(100, 200);
        _log.RemoveOldest();

        _log.Take(Keys.Of("stays"), out _).ShouldBeNull();
        _log.Take(Keys.Of("199"), out _).ShouldNotBeNull();
    }

    [Fact]
    public void What_was_taken_out_of_the_segment_that_is_filled_leaves_its_room_when_the_next_one_begins()
    {
        Append("stays", 1);
        var first = _log.Newest;
        for (var i = 0; _log.Newest == first; i++)
        {
            Append($"{i}", 2);
            _log.Take(Keys.Of($"{i}"), out _).ShouldBe([2, 2, 2]);
        }

        _log.Size.ShouldBeLessThan(SegmentSize + 300);
        _log.Take(Keys.Of("stays"), out _).ShouldBe([1, 1, 1]);
    }

    private static void Empty(EntryLog log)
    {
        while (log.Oldest <= log.Newest)
        {
            log.RemoveOldest();
        }
    }

    private void Fill(int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            Append($"{i}", (byte)i);
        }
    }

    private void Append(string key, byte content) => _log.Append(Keys.Of(key), [content, content, content], Lifetime);
}
