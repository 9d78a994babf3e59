using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway.Tests.ProxyCache;

public class ClientLeavesAtTheEndTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: gateway\r\n\r\n";

    [Theory]
    [InlineData(5, "X-Cache-Status: HIT")]
    [InlineData(6, "X-Cache-Status: MISS")]
    [InlineData(null, "X-Cache-Status: MISS")]
    public async Task An_answer_whose_client_is_gone_is_stored_if_it_is_known_to_be_whole(int? announced, string then)
    {
        var left = new TaskCompletionSource();
        await using var server = await InMemoryKestrel.StartAsync(
            builder => builder.Services.AddOpenAiUpstream("openai", upstream => upstream.AddNode("http://upstream")),
            app => app.MapGet("/", async (HttpContext context) =>
            {
                context.Response.ContentLength = announced;
                await context.Response.WriteAsync("hello");
                if (!left.Task.IsCompleted)
                {
                    await using var registration = context.RequestAborted.Register(left.SetResult);
                    await left.Task;
                }
            }).UseProxyCache());

        await using (var first = server.Connect())
        {
            await first.SendAsync(Get);
            (await first.ReadUntilAsync("hello")).ShouldContain("X-Cache-Status: MISS");
            first.Reset();
            await left.Task.SoonAsync();
        }

        await using var second = server.Connect();
        await second.SendAsync(Get);
        (await second.ReadUntilAsync("hello")).ShouldContain(then);
    }
}
