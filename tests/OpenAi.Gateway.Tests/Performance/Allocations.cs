namespace OpenAi.Gateway.Tests.Performance;

/// <summary>
/// Counts allocations of the whole process, as a request runs on many threads. Whatever else runs can only add to them, so the least of several
/// rounds counts; rounds end early once they show what was to be shown.
/// </summary>
internal static class Allocations
{
    private const int FewestRounds = 3;
    private const int MostRounds = 200;

    /// <summary>By how many bytes a call exceeds another one, in the best rounds of both.</summary>
    /// <param name="call">What is measured.</param>
    /// <param name="floor">What it is compared with.</param>
    /// <param name="calls">How many calls are one round.</param>
    /// <param name="goal">Enough is known once the excess is no more than this.</param>
    public static async Task<long> ExcessAsync(Func<ValueTask> call, Func<ValueTask> floor, int calls, long goal)
    {
        // Optimised code allocates less: each has to have run for a while.
        await OfOneAsync(floor, 4 * calls);
        await OfOneAsync(call, 4 * calls);
        var (least, leastFloor) = (long.MaxValue, long.MaxValue);
        for (var round = 0; round < FewestRounds || (round < MostRounds && least - leastFloor > goal); round++)
        {
            leastFloor = Math.Min(leastFloor, await OfOneAsync(floor, calls));
            least = Math.Min(least, await OfOneAsync(call, calls));
        }

        return least - leastFloor;
    }

    private static async Task<long> OfOneAsync(Func<ValueTask> call, int calls)
    {
        var before = GC.GetTotalAllocatedBytes(precise: true);
        for (var i = 0; i < calls; i++)
        {
            await call();
        }

        return (GC.GetTotalAllocatedBytes(precise: true) - before) / calls;
    }
}
