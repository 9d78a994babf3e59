using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway.Tests.Routing;

/// <summary>An app with the upstream "openai", whose every answer is the same, and a clock that the test moves.</summary>
internal sealed class RouteHost : IAsyncDisposable
{
    public const string Completion = """{"object":"text_completion"}""";

    private RouteHost(InMemoryKestrel server, ScriptedUpstream upstream, ManualTimeProvider time)
    {
        Server = server;
        Upstream = upstream;
        Time = time;
        Client = server.CreateClient();
    }

    public InMemoryKestrel Server { get; }

    public ScriptedUpstream Upstream { get; }

    public ManualTimeProvider Time { get; }

    public HttpClient Client { get; }

    public int Calls => Upstream.Requests.Count;

    public static async Task<RouteHost> StartAsync(
        Action<WebApplication> configure, Action<WebApplicationBuilder>? build = null, Func<UpstreamConnection, Task>? script = null)
    {
        var time = new ManualTimeProvider();
        var upstream = ScriptedUpstream.Start(script ?? (connection => connection.WriteJsonAsync(Completion)));
        try
        {
            var server = await InMemoryKestrel.StartAsync(
                builder =>
                {
                    builder.Services.AddSingleton<TimeProvider>(time);
                    builder.Services.AddOpenAiUpstream("openai", options => options.AddNode(upstream.Address.ToString()));
                    build?.Invoke(builder);
                },
                configure);
            return new RouteHost(server, upstream, time);
        }
        catch
        {
            await upstream.DisposeAsync();
            throw;
        }
    }

    /// <summary>The error with which such an app does not start.</summary>
    public static async Task<string> StartErrorAsync(Action<WebApplication> configure, Action<WebApplicationBuilder>? build = null)
    {
        var error = await Should.ThrowAsync<Exception>(async () =>
        {
            await using var host = await StartAsync(configure, build);
        });
        return error.Message;
    }

    public static string Basic(string credentials) => "Basic " + Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(credentials));

    public Task<RouteAnswer> GetAsync(string path, string? credentials = null, params (string Name, string Value)[] headers) =>
        SendAsync(Client, "GET", path, credentials, headers);

    public Task<RouteAnswer> PostAsync(string path, string? credentials = null, params (string Name, string Value)[] headers) =>
        SendAsync(Client, "POST", path, credentials, headers);

    public async Task<RouteAnswer> SendFromAsync(string address, string path, params (string Name, string Value)[] headers)
    {
        using var client = Server.CreateClient(IPAddress.Parse(address));
        return await SendAsync(client, "GET", path, null, headers);
    }

    public static async Task<RouteAnswer> SendAsync(
        HttpClient client, string method, string path, string? credentials = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method == "POST")
        {
            request.Content = new StringContent("""{"model":"m","prompt":"p"}""");
        }

        if (credentials is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", Basic(credentials));
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await client.SendAsync(request);
        return await RouteAnswer.ReadAsync(response);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
        await Upstream.DisposeAsync();
    }
}
