using OpenAi.Gateway.Tests.LimitTokens;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.Budgets;

internal static class BudgetHost
{
    private const decimal Unit = 1_000_000_000;

    /// <summary>Waits until so much is counted in the budget of the group "g": an answer's last byte comes a moment before it is settled.</summary>
    public static async Task ShouldHaveSpentAsync(this RouteHost host, decimal expected, string period = "2030-01")
    {
        var group = $"budget:group:g:key:{period}";
        var waiting = System.Diagnostics.Stopwatch.StartNew();
        while (await host.CountedAsync(group) != expected * Unit && waiting.Elapsed < Soon.Bound)
        {
            await Task.Yield();
        }

        (await host.CountedAsync(group) / Unit).ShouldBe(expected);
    }
}
