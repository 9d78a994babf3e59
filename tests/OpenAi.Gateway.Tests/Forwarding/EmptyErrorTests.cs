using Microsoft.AspNetCore.Builder;

namespace OpenAi.Gateway.Tests.Forwarding;

/// <summary>An error of the upstream that has no body, in an app that makes pages for such errors of its own.</summary>
public sealed class EmptyErrorTests
{
    [Theory]
    [InlineData(404, false)]
    [InlineData(429, true)]
    [InlineData(500, false)]
    [InlineData(500, true)]
    public async Task Stays_empty(int status, bool isCached)
    {
        await using var upstream = ScriptedUpstream.Start(async connection =>
        {
            await connection.WriteHeadAsync(status, ("Transfer-Encoding", "chunked"));
            await connection.EndChunksAsync();
        });
        await using var gateway = await GatewayHost.StartOnSocketAsync(
            options => options.To(upstream).Retries = 0,
            route => _ = isCached ? route.UseProxyCache() : route,
            use: app => app.UseStatusCodePages());

        var answer = await gateway.SendAsync(Request.Post("{}"));

        (answer.Status, answer.Text).ShouldBe((status, ""));
    }
}
