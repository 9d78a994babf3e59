namespace OpenAi.Gateway.Tests.LimitCount;

public class MemoryLimitCounterTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly LimitKey Key = new("limit", "key");

    private readonly ManualTimeProvider _time = new();
    private readonly MemoryLimitCounter _counter;

    public MemoryLimitCounterTests() => _counter = new MemoryLimitCounter(_time);

    [Fact]
    public async Task A_window_opens_with_the_first_request_and_ends_exactly()
    {
        _time.Advance(TimeSpan.FromSeconds(17));
        (await ReserveAsync(1)).ShouldBe((true, 0, Minute));

        _time.Advance(Minute - TimeSpan.FromTicks(1));
        (await ReserveAsync(1)).ShouldBe((false, 0, TimeSpan.FromTicks(1)));

        _time.Advance(TimeSpan.FromTicks(1));
        (await ReserveAsync(1)).ShouldBe((true, 0, Minute));
    }

    [Fact]
    public async Task What_does_not_fit_is_not_counted_at_all()
    {
        (await _counter.ReserveAsync(Key, 3, 4, Minute, default)).IsGranted.ShouldBeTrue();

        (await _counter.ReserveAsync(Key, 2, 4, Minute, default)).ShouldSatisfyAllConditions(
            refused => refused.IsGranted.ShouldBeFalse(),
            refused => refused.Remaining.ShouldBe(1));
        (await _counter.ReserveAsync(Key, 1, 4, Minute, default)).IsGranted.ShouldBeTrue();
    }

    [Fact]
    public async Task Of_many_parallel_reservations_exactly_the_limit_is_granted()
    {
        const int Parallel = 8;
        var granted = 0;
        using var start = new Barrier(Parallel);

        await Task.WhenAll(Enumerable.Range(0, Parallel).Select(_ => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                for (var i = 0; i < 1_000; i++)
                {
                    if (_counter.ReserveAsync(Key, 1, 100, Minute, default).AsTask().Result.IsGranted)
                    {
                        Interlocked.Increment(ref granted);
                    }
                }
            },
            TaskCreationOptions.LongRunning)));

        granted.ShouldBe(100);
    }

    // So many grants that two of them surely meet: had one been counted over the other, more would pass.
    [Fact]
    public async Task No_grant_is_counted_over_another_one()
    {
        const int Limit = 1_000_000;
        const int Parallel = 4;
        var window = new LimitWindow(0, Minute);
        using var start = new Barrier(Parallel);

        var granted = await Task.WhenAll(Enumerable.Range(0, Parallel).Select(_ => Task.Factory.StartNew(
            () =>
            {
                var passed = 0;
                start.SignalAndWait();
                while (window.TryCount(1, Limit, out var _))
                {
                    passed++;
                }

                return passed;
            },
            TaskCreationOptions.LongRunning)));

        granted.Sum().ShouldBe(Limit);
    }

    [Fact]
    public async Task No_grant_is_lost_or_doubled_while_windows_end_and_are_swept()
    {
        const int Parallel = 4;
        var granted = 0;

        // Every round has its own key; the other keys make the counter sweep all the time.
        for (var round = 0; round < 20; round++)
        {
            granted = 0;
            var key = new LimitKey("limit", $"round {round % 2}");
            await Task.WhenAll(Enumerable.Range(0, Parallel).Select(task => Task.Run(async () =>
            {
                for (var i = 0; i < 600; i++)
                {
                    await _counter.ReserveAsync(new LimitKey("other", $"{round} {task} {i}"), 1, 1, TimeSpan.FromTicks(1), default);
                    if ((await _counter.ReserveAsync(key, 1, 50, Minute, default)).IsGranted)
                    {
                        Interlocked.Increment(ref granted);
                    }
                }
            })));

            granted.ShouldBe(50);
            _time.Advance(Minute);
        }
    }

    [Fact]
    public async Task A_settlement_gives_back_in_its_own_window_only()
    {
        var first = await _counter.ReserveAsync(Key, 1, 2, Minute, default);
        await _counter.SettleAsync(Key, first, 1, 0);
        (await ReserveAsync(2)).Remaining.ShouldBe(1);

        _time.Advance(Minute);
        await ReserveAsync(2);
        await _counter.SettleAsync(Key, first, 1, 0);
        (await ReserveAsync(2)).Remaining.ShouldBe(0);
    }

    [Fact]
    public async Task A_settlement_may_cost_more_than_was_reserved()
    {
        var reservation = await _counter.ReserveAsync(Key, 1, 10, Minute, default);
        await _counter.SettleAsync(Key, reservation, 1, 12);

        (await ReserveAsync(10)).ShouldBe((false, 0, Minute));
    }

    [Fact]
    public async Task A_settlement_beyond_all_numbers_leaves_nothing()
    {
        var reservation = await _counter.ReserveAsync(Key, 1, 100, Minute, default);
        await _counter.ReserveAsync(Key, 99, 100, Minute, default);
        await _counter.SettleAsync(Key, reservation, 1, long.MaxValue);

        (await ReserveAsync(10)).ShouldBe((false, 0, Minute));
    }

    [Fact]
    public async Task The_limit_may_change_within_a_window_and_the_length_with_the_next_one()
    {
        await ReserveAsync(2);
        (await ReserveAsync(5)).Remaining.ShouldBe(3);
        (await ReserveAsync(1)).ShouldBe((false, 0, Minute));

        (await _counter.ReserveAsync(Key, 1, 5, TimeSpan.FromHours(1), default)).ResetAfter.ShouldBe(Minute);
        _time.Advance(Minute);
        (await _counter.ReserveAsync(Key, 1, 5, TimeSpan.FromHours(1), default)).ResetAfter.ShouldBe(TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task Ended_windows_cost_no_memory()
    {
        for (var i = 0; i < 100_000; i++)
        {
            await _counter.ReserveAsync(new LimitKey("limit", $"{i}"), 1, 1, Minute, default);
        }

        _counter.KeyCount.ShouldBe(100_000);
        _time.Advance(Minute);
        await _counter.ReserveAsync(new LimitKey("limit", "later"), 1, 1, Minute, default);

        _counter.KeyCount.ShouldBe(1);
    }

    [Fact]
    public async Task A_flood_of_keys_with_short_windows_costs_little_memory()
    {
        for (var i = 0; i < 100_000; i++)
        {
            await _counter.ReserveAsync(new LimitKey("limit", $"{i}"), 1, 1, TimeSpan.FromMilliseconds(1), default);
            _time.Advance(TimeSpan.FromTicks(100));
        }

        _counter.KeyCount.ShouldBeLessThan(3_000);
    }

    private async Task<(bool IsGranted, long Remaining, TimeSpan ResetAfter)> ReserveAsync(long limit)
    {
        var reservation = await _counter.ReserveAsync(Key, 1, limit, Minute, default);
        return (reservation.IsGranted, reservation.Remaining, reservation.ResetAfter);
    }
}
