namespace OpenAi.Gateway.Tests.Upstreams;

public sealed class RetryBudgetTests
{
    private readonly ManualTimeProvider _time = new();

    [Theory]
    [InlineData(0, 10, 10)]
    [InlineData(99, 10, 10)]
    [InlineData(119, 10, 11)]
    [InlineData(3_000, 10, 300)]
    [InlineData(3_000, 0, 10)]
    [InlineData(3_000, 99, 2_970)]
    [InlineData(1, 100, 5_000)]
    public void So_many_calls_allow_so_many_retries(int calls, int percent, int retries)
    {
        var budget = new RetryBudget(_time);
        var taken = 0;

        Parallel.For(0, calls, _ => budget.AddCall(_time.GetTimestamp()));
        Parallel.For(0, 5_000, _ => Interlocked.Add(ref taken, budget.TryTake(percent) ? 1 : 0));

        taken.ShouldBe(retries);
    }

    [Fact]
    public void At_no_moment_there_are_more_than_the_calls_so_far_allow()
    {
        var budget = new RetryBudget(_time);
        var (calls, taken) = (0, 0);

        Parallel.For(0, 20_000, _ =>
        {
            Interlocked.Increment(ref calls);
            budget.AddCall(_time.GetTimestamp());
            if (budget.TryTake(10))
            {
                var now = Interlocked.Increment(ref taken);
                now.ShouldBeLessThanOrEqualTo(Math.Max(RetryBudget.Minimum, Volatile.Read(ref calls) / 10));
            }
        });

        taken.ShouldBe(2_000);
    }

    [Fact]
    public void Each_minute_begins_anew()
    {
        var budget = new RetryBudget(_time);
        Parallel.For(0, 1_000, _ => budget.AddCall(_time.GetTimestamp()));
        Take(budget).ShouldBe(100);

        _time.Advance(TimeSpan.FromMinutes(1) - TimeSpan.FromTicks(1));
        Take(budget).ShouldBe(0);

        _time.Advance(TimeSpan.FromTicks(1));
        Take(budget).ShouldBe(RetryBudget.Minimum);
    }

    [Fact]
    public void The_calls_of_a_new_minute_count_though_nothing_was_tried_again_since_the_last()
    {
        var budget = new RetryBudget(_time);
        _time.Advance(TimeSpan.FromMinutes(1));

        Parallel.For(0, 1_000, _ => budget.AddCall(_time.GetTimestamp()));

        Take(budget).ShouldBeInRange(99, 100); // One that meets the turn may go uncounted.
    }

    private static int Take(RetryBudget budget) => Enumerable.Range(0, 1_000).Count(_ => budget.TryTake(10));
}
