using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using OpenAi.Gateway.Tests.ProxyCache;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.Bridge;

/// <summary>The body that goes upstream is the bridge's, so its settings tell one question from another.</summary>
public class BridgeCacheKeyTests
{
    public static TheoryData<string> Changes => [.. ChangesByName.Keys];

    private static readonly Dictionary<string, Action<CompletionBridgeOptions>> ChangesByName = new()
    {
        ["model"] = bridge => bridge.Models[BridgeHost.Legacy].Model = "other",
        ["system message"] = bridge => bridge.Models[BridgeHost.Legacy].SystemMessage = "Speak French.",
        ["set"] = bridge => bridge.Models[BridgeHost.Legacy].Set["seed"] = "7",
        ["drop"] = bridge => bridge.Models[BridgeHost.Legacy].Drop.Add("temperature"),
        ["path"] = bridge => bridge.Path = "/other/chat/completions",
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_changed_bridge_does_not_answer_with_what_the_old_one_stored(string change) =>
        (await AskBehindAsync(ChangesByName[change])).ShouldBe("MISS");

    [Fact]
    public async Task One_with_another_model_more_does() =>
        (await AskBehindAsync(bridge => bridge.Map("curie", "other"))).ShouldBe("HIT");

    // Two processes, one after the other, with one store.
    private static async Task<string?> AskBehindAsync(Action<CompletionBridgeOptions> change)
    {
        var store = new FakeDistributedCache();
        var body = BridgeHost.Body(""","temperature":0.5""", "a");
        await using (var before = await StartAsync(store, _ => { }))
        {
            await before.AskAsync(body);
        }

        await using var after = await StartAsync(store, change);
        return (await after.AskAsync(body))["X-Cache-Status"];
    }

    private static Task<RouteHost> StartAsync(FakeDistributedCache store, Action<CompletionBridgeOptions> bridge) => BridgeHost.StartAsync(
        BridgeHost.AnswerAsync, route => route.UseProxyCache(), builder => builder.Services.AddSingleton<IDistributedCache>(store), bridge);
}
