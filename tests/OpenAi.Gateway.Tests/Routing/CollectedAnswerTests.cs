using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway.Tests.Routing;

/// <summary>Middlewares that put a body of their own in place of the server's: to collect, to compress or to log answers.</summary>
public sealed class CollectedAnswerTests
{
    [Fact]
    public async Task A_middleware_that_collects_answers_gets_the_whole_of_each()
    {
        var collected = new List<long>();
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.Use(async (context, next) =>
            {
                using var body = new MemoryStream();
                var original = context.Response.Body;
                context.Response.Body = body;
                await next(context);
                context.Response.Body = original;
                collected.Add(body.Length);
                await original.WriteAsync(body.ToArray());
            });
            app.UseRouting();
            app.MapOpenAiRoute("/plain", "openai");
            app.MapOpenAiRoute("/openai", "openai")
                .UseProxyCache(cache => cache.Methods = ["POST"])
                .UseLimitCount(limit => (limit.Count, limit.TimeWindow) = (2, TimeSpan.FromMinutes(1)));
        });

        var plain = await host.PostAsync("/plain");
        var miss = await host.PostAsync("/openai");
        var hit = await host.PostAsync("/openai");
        var refused = await host.PostAsync("/openai");

        (plain.Text, miss.Text, hit.Text).ShouldBe((RouteHost.Completion, RouteHost.Completion, RouteHost.Completion));
        (miss["X-Cache-Status"], hit["X-Cache-Status"], refused.Status).ShouldBe(("MISS", "HIT", 429));
        collected.ShouldBe([plain.Text.Length, miss.Text.Length, hit.Text.Length, refused.Text.Length]);
    }
}
