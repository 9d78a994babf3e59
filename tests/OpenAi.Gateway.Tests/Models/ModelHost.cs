using System.Text;
using Microsoft.AspNetCore.Builder;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.Models;

/// <summary>Every path below <c>/v1</c>, and requests with a body of the test's own.</summary>
internal static class ModelHost
{
    public const string Chat = "/v1/chat/completions";

    public static Task<RouteHost> StartAsync(Action<ModelsOptions> models, Action<OpenAiRouteBuilder>? route = null, Action<WebApplication>? app = null) =>
        RouteHost.StartAsync(host =>
        {
            app?.Invoke(host);
            var mapped = host.MapOpenAiRoute("/v1/{**path}", "openai").UseModels(models);
            route?.Invoke(mapped);
        });

    public static Task<RouteAnswer> AskAsync(this RouteHost host, string json, string path = Chat, string? credentials = null) =>
        host.AskAsync(Encoding.UTF8.GetBytes(json), path, credentials);

    public static async Task<RouteAnswer> AskAsync(
        this RouteHost host, byte[] body, string path = Chat, string? credentials = null, string type = "application/json", CancellationToken leave = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        if (credentials is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", RouteHost.Basic(credentials));
        }

        using var response = await host.Client.SendAsync(request, leave);
        return await RouteAnswer.ReadAsync(response);
    }

    /// <summary>The code of an error envelope, and the field that it names.</summary>
    public static (int Status, string? Code, string? Param) Refusal(this RouteAnswer answer)
    {
        using var json = System.Text.Json.JsonDocument.Parse(answer.Text);
        var error = json.RootElement.GetProperty("error");
        return (answer.Status, error.GetProperty("code").GetString(), error.GetProperty("param").GetString());
    }
}
