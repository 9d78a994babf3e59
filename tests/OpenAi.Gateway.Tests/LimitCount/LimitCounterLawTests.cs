using FsCheck;
using FsCheck.Fluent;

namespace OpenAi.Gateway.Tests.LimitCount;

public class LimitCounterLawTests
{
    [Fact]
    public void Whatever_the_order_of_time_and_requests_no_window_grants_more_than_its_limit()
    {
        var steps = Gen.Frequency(
            (3, Gen.Choose(0, 3).Select(key => (Key: key, Seconds: 0))),
            (1, Gen.Choose(1, 25).Select(seconds => (Key: -1, Seconds: seconds))));
        var cases = Gen.Zip(Gen.Choose(1, 5), Gen.ListOf(steps)).ToArbitrary();

        Prop.ForAll(cases, one => Check(one.Item1, one.Item2)).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));
    }

    // The same, told in the plainest way: a list of the moments at which each key's window was opened and of its grants.
    private static void Check(int limit, IEnumerable<(int Key, int Seconds)> steps)
    {
        var window = TimeSpan.FromSeconds(60);
        var time = new ManualTimeProvider();
        var counter = new MemoryLimitCounter(time);
        var opened = new DateTimeOffset?[4];
        var granted = new int[4];
        foreach (var (key, seconds) in steps)
        {
            if (key < 0)
            {
                time.Advance(TimeSpan.FromSeconds(seconds));
                continue;
            }

            var now = time.GetUtcNow();
            if (opened[key] is not { } start || now - start >= window)
            {
                (opened[key], granted[key], start) = (now, 0, now);
            }

            var isGranted = granted[key] < limit;
            granted[key] += isGranted ? 1 : 0;
            var reservation = counter.ReserveAsync(new LimitKey("limit", $"{key}"), 1, limit, window, default).AsTask().Result;
            reservation.IsGranted.ShouldBe(isGranted);
            reservation.Remaining.ShouldBe(limit - granted[key]);
            reservation.ResetAfter.ShouldBe(start + window - now);
        }
    }
}
