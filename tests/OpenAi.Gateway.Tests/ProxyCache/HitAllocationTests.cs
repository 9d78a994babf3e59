using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway.Tests.ProxyCache;

/// <summary>What a hit allocates is counted, as it cannot be timed on a shared machine.</summary>
public class HitAllocationTests
{
    private const string Question = """{"prompt":"why?"}""";
    private const int Requests = 200;

    [Fact]
    public async Task A_hit_allocates_little()
    {
        await using var host = await CacheHost.StartAsync();
        await host.AskAsync();
        var endpoint = host.Gateway.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Single(one => one.RoutePattern.RawText == CacheHost.Path);
        var least = Enumerable.Range(0, 5).Min(_ => AllocatedBy(endpoint, host.Gateway.Services));

        least.ShouldBeLessThan(1_450);
        host.UpstreamCalls.ShouldBe(1);
    }

    // A hit ends on the thread that it began on, so that all it allocates is counted.
    private static long AllocatedBy(RouteEndpoint endpoint, IServiceProvider services)
    {
        var contexts = Enumerable.Range(0, Requests).Select(_ => Create(endpoint, services)).ToArray();
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var context in contexts)
        {
            endpoint.RequestDelegate!(context).IsCompletedSuccessfully.ShouldBeTrue();
        }

        var allocated = (GC.GetAllocatedBytesForCurrentThread() - before) / Requests;
        contexts.ShouldAllBe(context => context.Response.Headers[CacheHost.StatusHeader] == "HIT");
        return allocated;
    }

    private static DefaultHttpContext Create(RouteEndpoint endpoint, IServiceProvider services)
    {
        var context = new DefaultHttpContext { RequestServices = services };
        context.Request.Method = "POST";
        context.Request.Path = CacheHost.Path;
        context.Request.Host = new HostString("localhost");
        context.Request.ContentType = "application/json; charset=utf-8";
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(Question));
        context.Request.ContentLength = Question.Length;
        context.Response.Body = new MemoryStream(1024);
        context.SetEndpoint(endpoint);

        // What the server has ready for every request.
        _ = context.RequestAborted;
        context.Response.Headers["X-Any"] = "any";
        context.Response.BodyWriter.GetMemory();
        return context;
    }
}
