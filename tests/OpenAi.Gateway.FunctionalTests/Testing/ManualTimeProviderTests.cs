namespace OpenAi.Gateway.FunctionalTests.Testing;

public sealed class ManualTimeProviderTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void The_time_and_the_timestamp_move_together()
    {
        var (timestamp, now) = (_time.GetTimestamp(), _time.GetUtcNow());

        _time.Advance(TimeSpan.FromTicks(12_345_678_901));

        _time.GetElapsedTime(timestamp).ShouldBe(_time.GetUtcNow() - now);
        _time.GetElapsedTime(timestamp).Ticks.ShouldBe(12_345_678_901);
    }

    [Fact]
    public void Timers_fire_in_order_and_each_sees_its_own_due_time()
    {
        var start = _time.GetUtcNow();
        var fired = new List<string>();
        void Add(string name, double due, double period = -0.001) => _time.CreateTimer(
            _ => fired.Add($"{name}@{(_time.GetUtcNow() - start).TotalSeconds}"),
            state: null,
            TimeSpan.FromSeconds(due),
            TimeSpan.FromSeconds(period));
        Add("late", 5);
        Add("periodic", 2, period: 2);
        Add("early", 1);
        Add("beyond", 6.5);
        Add("never", -0.001);

        _time.Advance(TimeSpan.FromSeconds(6));

        fired.ShouldBe(["early@1", "periodic@2", "periodic@4", "late@5", "periodic@6"]);
        _time.DueTimes.ShouldBe([TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(2)]);
    }

    [Fact]
    public void A_timer_can_be_moved_and_disposed()
    {
        var fired = 0;
        var timer = _time.CreateTimer(_ => fired++, state: null, Second, Timeout.InfiniteTimeSpan);

        timer.Change(3 * Second, Timeout.InfiniteTimeSpan).ShouldBeTrue();
        _time.Advance(2 * Second);
        fired.ShouldBe(0);
        _time.Advance(Second);
        fired.ShouldBe(1);

        timer.Change(Second, Timeout.InfiniteTimeSpan);
        timer.Dispose();
        _time.Advance(Second);
        fired.ShouldBe(1);
        timer.Change(Second, Timeout.InfiniteTimeSpan).ShouldBeFalse();
    }

    [Fact]
    public async Task A_timer_that_is_due_at_once_fires_without_an_advance()
    {
        var fired = new TaskCompletionSource();

        await using var timer = _time.CreateTimer(_ => fired.SetResult(), state: null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);

        await fired.Task.SoonAsync();
    }

    [Fact]
    public void A_cancellation_token_source_obeys_the_clock()
    {
        using var source = new CancellationTokenSource(10 * Second, _time);

        _time.Advance(9.99 * Second);
        source.IsCancellationRequested.ShouldBeFalse();
        _time.Advance(0.01 * Second);
        source.IsCancellationRequested.ShouldBeTrue();
    }

    [Fact]
    public async Task A_delay_obeys_the_clock()
    {
        var delay = Task.Delay(10 * Second, _time);

        _time.Advance(9.99 * Second);
        delay.IsCompleted.ShouldBeFalse();
        _time.Advance(0.01 * Second);
        await delay.SoonAsync();
    }

    [Fact]
    public async Task A_test_can_wait_until_the_code_waits()
    {
        var code = Task.Run(() => Task.Delay(Second, _time));

        await _time.WhenArmedAsync();
        _time.DueTimes.ShouldBe([Second]);
        _time.Advance(Second);

        await code.SoonAsync();
    }

    [Fact]
    public async Task Many_threads_lose_no_tick_and_no_timer()
    {
        var start = _time.GetUtcNow();
        var fired = 0;

        await Parallel.ForAsync(0, 1_000, (_, _) =>
        {
            _time.CreateTimer(_ => Interlocked.Increment(ref fired), state: null, Second, Timeout.InfiniteTimeSpan);
            _time.Advance(TimeSpan.FromTicks(1));
            return ValueTask.CompletedTask;
        });
        _time.Advance(Second);

        fired.ShouldBe(1_000);
        _time.GetUtcNow().ShouldBe(start + Second + TimeSpan.FromTicks(1_000));
    }
}
