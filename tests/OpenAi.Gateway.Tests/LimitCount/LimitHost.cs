using Microsoft.AspNetCore.Builder;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.LimitCount;

/// <summary>An ordinary endpoint <c>/</c> with one limit.</summary>
internal static class LimitHost
{
    public static Task<RouteHost> StartAsync(Action<LimitCountOptions> configure, Action<WebApplicationBuilder>? build = null) =>
        RouteHost.StartAsync(app => app.MapGet("/", () => "in").UseLimitCount(limit => configure(Of(limit, 1))), build);

    public static LimitCountOptions Of(LimitCountOptions limit, long count, int seconds = 60)
    {
        limit.Count = count;
        limit.TimeWindow = TimeSpan.FromSeconds(seconds);
        return limit;
    }

    /// <summary>Limit, remaining and reset as the answer's headers say.</summary>
    public static (string? Limit, string? Remaining, string? Reset) Quota(this RouteAnswer answer) =>
        (answer["X-RateLimit-Limit"], answer["X-RateLimit-Remaining"], answer["X-RateLimit-Reset"]);

    public static void ShouldBeRefusedBy(this RouteAnswer answer, string limit, string reset)
    {
        answer.Status.ShouldBe(429);
        answer.Quota().ShouldBe((limit, "0", reset));
        answer["Retry-After"].ShouldBe(reset);
    }
}
