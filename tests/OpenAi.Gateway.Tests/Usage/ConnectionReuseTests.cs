using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using OpenAi.Gateway.Tests.Forwarding;

namespace OpenAi.Gateway.Tests.Usage;

/// <summary>Requests of all kinds on few connections: each record tells of its own request, and of nothing that another one left there.</summary>
public sealed class ConnectionReuseTests
{
    private const int Requests = 600;
    private const int AtATime = 12;

    [Theory]
    [InlineData(HttpProtocols.Http1)]
    [InlineData(HttpProtocols.Http2)]
    public async Task Each_record_tells_of_its_own_request(HttpProtocols protocols)
    {
        var sink = new HeldSink().Release();
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync(AnswerTo(connection.Request.Text)));
        await using (var gateway = await GatewayHost.StartOnSocketAsync(
            options => options.To(upstream), protocols: protocols, build: builder => builder.Services.AddSingleton<UsageSink>(sink)))
        {
            await Parallel.ForAsync(0, Requests, new ParallelOptions { MaxDegreeOfParallelism = AtATime }, async (number, cancellation) =>
            {
                using var request = RequestOf(number);
                (request.Version, request.VersionPolicy) = (gateway.Client.DefaultRequestVersion, gateway.Client.DefaultVersionPolicy);
                using var answer = await gateway.Client.SendAsync(request, cancellation);
                (answer.Version, answer.StatusCode).ShouldBe((gateway.Client.DefaultRequestVersion, HttpStatusCode.OK));
            });
            await gateway.StopAsync();
        }

        var ofModels = sink.Records.Where(record => record.AskedModel is not null).ToDictionary(record => record.AskedModel!);
        Enumerable.Range(0, Requests).Where(IsQuestion).ShouldAllBe(number => IsOf(ofModels[$"model-{number}"], number));
        ofModels.Count.ShouldBe(Enumerable.Range(0, Requests).Count(IsQuestion));
        sink.Records.Count.ShouldBe(Requests);
        sink.Records.Where(record => record.AskedModel is null).ShouldAllBe(record =>
            record.AnsweredModel == null && record.SentModel == null && record.ServiceTier == null && record.Usage == default);
    }

    [Fact]
    public async Task An_endpoint_that_is_run_again_begins_anew()
    {
        var sink = new HeldSink().Release();
        await using var upstream = ScriptedUpstream.Start(connection => connection.WriteJsonAsync(AnswerTo(connection.Request.Text)));
        await using (var gateway = await GatewayHost.StartOnSocketAsync(
            options => options.To(upstream), build: builder => builder.Services.AddSingleton<UsageSink>(sink), use: app => app.Use(RunTwiceAsync)))
        {
            using var request = RequestOf(3);
            using var answer = await gateway.Client.SendAsync(request);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            await gateway.StopAsync();
        }

        sink.Records.Select(record => (record.AskedModel, record.Usage.Input, record.Usage.Output)).ShouldBe([("model-3", 3, 1), ("model-3", 3, 1)]);
    }

    // As an error page may, which throws away what the first run had written.
    private static async Task RunTwiceAsync(HttpContext context, RequestDelegate next)
    {
        var client = context.Response.Body;
        context.Response.Body = new MemoryStream();
        await next(context);
        context.Response.Clear();
        context.Response.Body = client;
        await next(context);
    }

    private static bool IsQuestion(int number) => number % 3 == 0;

    private static bool IsOf(UsageRecord record, int number) =>
        record.AnsweredModel == record.AskedModel && record.SentModel == record.AskedModel && record.Usage.Input == number && !record.IsEstimated;

    private static HttpRequestMessage RequestOf(int number) => (number % 3) switch
    {
        0 => new(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent($$"""{"model":"model-{{number}}","service_tier":"flex","messages":[]}""") },
        1 => new(HttpMethod.Post, "/v1/files") { Content = new StringContent("no JSON") },
        _ => new(HttpMethod.Get, "/v1/models"),
    };

    private static string AnswerTo(string question)
    {
        if (!question.StartsWith('{'))
        {
            return "{}";
        }

        using var json = JsonDocument.Parse(question);
        var model = json.RootElement.GetProperty("model").GetString()!;
        return $$"""{"model":"{{model}}","service_tier":"flex","usage":{"prompt_tokens":{{model["model-".Length..]}},"completion_tokens":1} }""";
    }
}
