using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>What calls cost whose tokens the gateway does not read.</summary>
public sealed class UnreadCostTests
{
    [Theory]
    [InlineData("POST", "images/generations", 200, null)]
    [InlineData("POST", "threads/runs", 201, null)]
    [InlineData("POST", "images/generations", 400, 0.0)]
    [InlineData("GET", "models", 200, 0.0)]
    [InlineData("GET", "chat/completions", 200, 0.0)]
    [InlineData("DELETE", "responses/r1", 200, 0.0)]
    [InlineData("POST", "chat/completions", 200, 0.00008)]
    public async Task What_cannot_be_read_is_not_taken_for_free(string method, string path, int status, double? cost)
    {
        await using var host = await StartAsync(status);

        await AskAsync(host, method, path);

        (await host.RecordAsync()).Cost.ShouldBe((decimal?)cost);
    }

    [Fact]
    public async Task To_read_back_a_stored_answer_costs_nothing()
    {
        await using var host = await StartAsync(200);

        await AskAsync(host, "GET", "chat/completions");

        Endings.Facts(await host.RecordAsync()).ShouldBe((UsageEnding.Ok, default, false, 200, 1));
    }

    [Fact]
    public async Task An_answer_from_the_cache_is_free_whatever_it_is()
    {
        await using var host = await StartAsync(200, route => route.UseProxyCache());

        await AskAsync(host, "POST", "images/generations");
        await AskAsync(host, "POST", "images/generations");
        await host.Sink.WhenAsync(2);

        host.Sink.Records.Select(record => (record.Ending, record.Cost)).ShouldBe([(UsageEnding.Ok, null), (UsageEnding.CacheHit, 0)]);
    }

    private static async Task AskAsync(MeteredHost host, string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), $"http://gateway/v1/{path}");
        request.Content = method == "POST" ? new StringContent("""{"model":"m"}""") : null;
        await Endings.ReadAsync(await host.Client.SendAsync(request, CancellationToken.None).SoonAsync());
    }

    private static Task<MeteredHost> StartAsync(int status, Action<OpenAiRouteBuilder>? route = null) => MeteredHost.StartAsync(
        context => context.WriteJsonAsync(status: status),
        route: mapped =>
        {
            mapped.WithMethods("GET", "POST", "DELETE");
            route?.Invoke(mapped);
        },
        build: builder => builder.Services.AddOpenAiUsage(usage => usage.Prices["m"] = new ModelPriceOptions { Input = 1, Output = 2 }));
}
