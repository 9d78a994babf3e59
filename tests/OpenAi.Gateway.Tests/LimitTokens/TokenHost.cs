using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenAi.Gateway.Tests.Models;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.LimitTokens;

/// <summary>A chat route with one limit of tokens, and an upstream that says what each call took.</summary>
internal static class TokenHost
{
    /// <summary>A request whose answer may have so many tokens.</summary>
    public static string Body(long most, string more = "") => $$"""{"model":"m","max_tokens":{{most}}{{more}}}""";

    public static string Usage(long input, long output) =>
        $$$"""{"model":"m","usage":{"prompt_tokens":{{{input}}},"completion_tokens":{{{output}}},"total_tokens":{{{input + output}}}}}""";

    public static Task<RouteHost> StartAsync(
        Action<LimitTokensOptions> configure, Func<UpstreamConnection, Task>? script = null, Action<OpenAiRouteBuilder>? route = null) =>
        RouteHost.StartAsync(
            app =>
            {
                var mapped = app.MapOpenAiRoute("/v1/{**path}", "openai").UseLimitTokens(limit => configure(Of(limit, 1_000)));
                route?.Invoke(mapped);
            },
            script: script ?? (connection => connection.WriteJsonAsync(Usage(10, 5))));

    public static LimitTokensOptions Of(LimitTokensOptions limit, long count, string key = "everybody")
    {
        (limit.Count, limit.TimeWindow) = (count, TimeSpan.FromSeconds(60));
        (limit.Key, limit.KeyType, limit.Group) = (key, LimitKeyType.Constant, "g");
        return limit;
    }

    /// <summary>What is reserved or counted in the window of such a limit, once every request has ended.</summary>
    public static async Task<long> CountedAsync(this RouteHost host, string group = "tokens:group:g:key", string value = "everybody")
    {
        var counter = host.Server.Services.GetRequiredService<LimitCounter>();
        const long Limit = long.MaxValue / 2;
        var probe = await counter.ReserveAsync(new LimitKey(group, value), 1, Limit, TimeSpan.FromMinutes(1), default);
        await counter.SettleAsync(new LimitKey(group, value), probe, 1, 0);
        return Limit - probe.Remaining - 1;
    }

    /// <summary>Waits until so much is counted: an answer's last byte comes a moment before it is settled.</summary>
    public static async Task ShouldCountAsync(this RouteHost host, long expected)
    {
        var end = System.Diagnostics.Stopwatch.StartNew();
        while (await host.CountedAsync() != expected && end.Elapsed < Soon.Bound)
        {
            await Task.Yield();
        }

        (await host.CountedAsync()).ShouldBe(expected);
    }

    public static (string? Limit, string? Remaining, string? Reset) TokenQuota(this RouteAnswer answer) =>
        (answer["X-RateLimit-Limit-Tokens"], answer["X-RateLimit-Remaining-Tokens"], answer["X-RateLimit-Reset-Tokens"]);
}
