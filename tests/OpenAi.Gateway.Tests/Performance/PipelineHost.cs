using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenAi.Gateway.Testing;

namespace OpenAi.Gateway.Tests.Performance;

/// <summary>
/// A gateway to be measured, and beside it the least that an ASP.NET Core app can do in its place. Both stand on the same servers without ports,
/// before the same upstream, and log nothing.
/// </summary>
internal sealed class PipelineHost : IAsyncDisposable
{
    public const string Plain = "/plain";
    public const string Limited = "/limited";
    public const string Cached = "/cached";
    public const string Streamed = "/streamed";

    private const string Question = """{"model":"gpt-4.1-mini","prompt":"Write a brief product description","temperature":0,"max_tokens":256}""";
    private const string Chat = """{"model":"gpt-4.1-mini","messages":[{"role":"user","content":"Hello"}],"stream":true}""";
    private static readonly (string Name, string Value) Credentials = ("Authorization", "Basic dXNlcm5hbWUxOnBhc3N3b3JkMQ==");

    private readonly InMemoryKestrel _gateway;
    private readonly InMemoryKestrel _floor;
    private readonly HttpMessageInvoker _invoker;

    private PipelineHost(StandInUpstream upstream, InMemoryKestrel gateway, InMemoryKestrel floor, HttpMessageInvoker invoker)
    {
        Upstream = upstream;
        _gateway = gateway;
        _floor = floor;
        _invoker = invoker;
    }

    public StandInUpstream Upstream { get; }

    /// <summary>How often the gateway has sent something to its clients.</summary>
    public int SendsToClients => _gateway.Transport.ServerSends;

    /// <summary>The bytes of the request that is measured on a path of the gateway or the floor.</summary>
    public static byte[] RequestTo(string path) => path == Streamed
        ? PreparedClient.Post(path, Chat)
        : PreparedClient.Post(path, Question, Credentials);

    /// <param name="isMetered">Whether somebody wants to know what each call took.</param>
    public static async Task<PipelineHost> StartAsync(bool isMetered = false)
    {
        var upstream = await StandInUpstream.StartAsync();
        var invoker = new HttpMessageInvoker(upstream.Reach(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
        }));
        var gateway = await InMemoryKestrel.StartAsync(builder => Build(builder, upstream, isMetered), Map);
        var floor = await InMemoryKestrel.StartAsync(builder => Silence(builder), app => app.Run(new FloorApp(invoker).InvokeAsync));
        return new PipelineHost(upstream, gateway, floor, invoker);
    }

    public PreparedClient ConnectToGateway() => new(_gateway.Transport.Connect());

    public PreparedClient ConnectToFloor() => new(_floor.Transport.Connect());

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _floor.DisposeAsync();
        _invoker.Dispose();
        await Upstream.DisposeAsync();
    }

    /// <summary>Takes the collector of log entries out, which would be measured as well.</summary>
    public static WebApplicationBuilder Silence(WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.None);
        return builder;
    }

    private static void Build(WebApplicationBuilder builder, StandInUpstream upstream, bool isMetered)
    {
        Silence(builder).Services.AddOpenAiUpstream("openai", options =>
        {
            options.AddNode("http://upstream");
            options.ApiKey = "sk-test";
            options.ConfigureHandler(handler => upstream.Reach(handler));
        });
        if (isMetered)
        {
            builder.Services.AddOpenAiUsage(usage => usage.SummaryHours = 1);
        }
    }

    private static void Map(WebApplication app)
    {
        app.MapOpenAiRoute(Plain, "openai").RewritePath("/v1/completions");
        app.MapOpenAiRoute(Streamed, "openai").RewritePath(StandInUpstream.ChatPath);
        var limited = app.MapGroup("")
            .UseBasicAuthConsumers(consumers => consumers.Add("consumer1", "username1", "password1"))
            .UseLimitCount(limit => (limit.Count, limit.TimeWindow) = (long.MaxValue / 2, TimeSpan.FromHours(1)));
        limited.MapOpenAiRoute(Limited, "openai").RewritePath("/v1/completions");
        limited.MapOpenAiRoute(Cached, "openai").RewritePath("/v1/completions").UseProxyCache();
    }
}
