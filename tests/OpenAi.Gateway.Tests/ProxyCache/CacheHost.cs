using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway.Tests.ProxyCache;

/// <summary>A gateway with a cached route, in front of an upstream that answers each call differently: an equal answer is a stored one.</summary>
internal sealed class CacheHost : IAsyncDisposable
{
    public const string Path = "/ask";
    public const string StatusHeader = "X-Cache-Status";
    public const string ProviderKey = "sk-provider-secret";
    private const string Question = "X-Question";
    public static readonly TimeSpan Ttl = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _ended = new();
    private readonly SemaphoreSlim _left = new(0);
    private int _lastQuestion;

    private CacheHost(ScriptedUpstream upstream, InMemoryKestrel gateway, ManualTimeProvider time)
    {
        Upstream = upstream;
        Gateway = gateway;
        Time = time;
        Client = gateway.CreateClient();
    }

    public ScriptedUpstream Upstream { get; }

    public InMemoryKestrel Gateway { get; }

    public ManualTimeProvider Time { get; }

    public HttpClient Client { get; }

    public int UpstreamCalls => Upstream.Requests.Count;

    public static Task<CacheHost> StartAsync(Action<ProxyCacheOptions>? cache = null) => StartAsync(Numbered(), cache);

    /// <param name="script">The upstream; <see langword="null"/> lets the test answer each request itself.</param>
    /// <param name="cache">The cache of the route <see cref="Path"/>.</param>
    /// <param name="build">Adds services.</param>
    /// <param name="map">Maps other routes in place of <see cref="Path"/>.</param>
    /// <param name="upstream">Changes the upstream's options.</param>
    public static async Task<CacheHost> StartAsync(
        Func<UpstreamConnection, Task>? script,
        Action<ProxyCacheOptions>? cache = null,
        Action<WebApplicationBuilder>? build = null,
        Action<WebApplication>? map = null,
        Action<OpenAiUpstreamOptions>? upstream = null)
    {
        var time = new ManualTimeProvider();
        CacheHost? host = null;
        var provider = ScriptedUpstream.Start(script);
        var gateway = await InMemoryKestrel.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton<TimeProvider>(time);
                builder.Services.AddOpenAiUpstream("openai", options =>
                {
                    options.AddNode(provider.Address.ToString());
                    options.ApiKey = ProviderKey;
                    upstream?.Invoke(options);
                });
                build?.Invoke(builder);
            },
            app =>
            {
                app.Use((context, next) => host!.WatchAsync(context, next));
                (map ?? (all => MapAsk(all).UseProxyCache(cache)))(app);
            });
        return host = new CacheHost(provider, gateway, time);
    }

    public static OpenAiRouteBuilder MapAsk(WebApplication app) =>
        app.MapOpenAiRoute(Path, "openai").RewritePath("/v1/completions").WithMethods("GET", "POST", "PUT", "HEAD");

    /// <summary>Answers <c>{"answer":1}</c>, <c>{"answer":2}</c> and so on.</summary>
    public static Func<UpstreamConnection, Task> Numbered(params (string Name, string Value)[] headers)
    {
        var count = 0;
        return connection => connection.WriteJsonAsync($"{{\"answer\":{Interlocked.Increment(ref count)}}}", 200, headers);
    }

    /// <summary>The first answer is given to the first call, and so on; the last one to all that follow.</summary>
    public static Func<UpstreamConnection, Task> OneAfterAnother(params Func<UpstreamConnection, Task>[] answers)
    {
        var count = 0;
        return connection => answers[Math.Min(Interlocked.Increment(ref count), answers.Length) - 1](connection);
    }

    /// <summary>Completes once something waits for exactly so long.</summary>
    public Task WhenDueAsync(TimeSpan due) => Time.WhenDueAsync(left => left == due);

    /// <summary>Completes once for each client that left before its answer's end.</summary>
    public Task ClientLeftAsync() => _left.WaitAsync().SoonAsync("a client that leaves");

    public static string Basic(string user) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:pw-{user}"));

    public Task<CacheReply> AskAsync(string prompt = "why?", string path = Path, string method = "POST", params (string Name, string Value)[] headers) =>
        SendAsync(prompt, path, method, StatusHeader, CancellationToken.None, headers);

    public Task<CacheReply> AskAsync(CancellationToken leave) => SendAsync("why?", Path, "POST", StatusHeader, leave);

    public Task<CacheReply> SendAsync(
        string prompt, string path, string method, string statusHeader, CancellationToken leave, params (string Name, string Value)[] headers) =>
        ExchangeAsync(method is "GET" or "HEAD" ? null : $"{{\"prompt\":\"{prompt}\"}}", path, method, statusHeader, headers, leave);

    /// <summary>Sends a body as it is to <see cref="Path"/>.</summary>
    public Task<CacheReply> PostAsync(string body, string method = "POST") =>
        ExchangeAsync(body, Path, method, StatusHeader, [], CancellationToken.None);

    private async Task<CacheReply> ExchangeAsync(
        string? body, string path, string method, string statusHeader, (string Name, string Value)[] headers, CancellationToken leave)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var question = $"{Interlocked.Increment(ref _lastQuestion)}";
        request.Headers.Add(Question, question);
        var ended = _ended[question] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var response = await Client.SendAsync(request, leave).SoonAsync($"the answer to {method} {path}");
        var reply = await CacheReply.ReadAsync(response, statusHeader);

        // The client has its answer a moment before it is stored.
        await ended.Task.SoonAsync("the end of the request");
        return reply;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Gateway.DisposeAsync();
        await Upstream.DisposeAsync();
        _left.Dispose();
    }

    private async Task WatchAsync(HttpContext context, RequestDelegate next)
    {
        // Registered first, told last: whoever else is told when a client leaves knows it by then.
        await using var leaving = context.RequestAborted.Register(() => _left.Release());
        try
        {
            await next(context);
        }
        finally
        {
            if (context.Request.Headers[Question] is [{ } question])
            {
                _ended[question].SetResult();
            }
        }
    }
}
