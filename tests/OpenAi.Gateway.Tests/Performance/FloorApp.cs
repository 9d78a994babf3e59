using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway.Tests.Performance;

/// <summary>The least that an ASP.NET Core app can do in a gateway's place: answer with a constant, or forward and check nothing.</summary>
internal sealed class FloorApp(HttpMessageInvoker invoker)
{
    /// <summary>The path that answers without an upstream, once it has read the body.</summary>
    public const string Constant = "/constant";

    public Task InvokeAsync(HttpContext context) => context.Request.Path == Constant ? AnswerAsync(context) : ForwardAsync(context);

    private static async Task AnswerAsync(HttpContext context)
    {
        var body = context.Request.BodyReader;
        var result = await body.ReadAsync();
        while (!result.IsCompleted)
        {
            body.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            result = await body.ReadAsync();
        }

        body.AdvanceTo(result.Buffer.End);
        await StandInUpstream.AnswerAsync(context);
    }

    private async Task ForwardAsync(HttpContext context)
    {
        var path = context.Request.Path == PipelineHost.Streamed ? StandInUpstream.ChatPath : "/v1/completions";
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("http://upstream" + path));
        request.Content = new StreamContent(context.Request.Body);
        request.Content.Headers.ContentLength = context.Request.ContentLength;
        request.Content.Headers.TryAddWithoutValidation("Content-Type", (string?)context.Request.ContentType);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "sk-test");
        using var answer = await invoker.SendAsync(request, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.NonValidated)
        {
            if (name is not ("Transfer-Encoding" or "Date" or "Server"))
            {
                context.Response.Headers[name] = values.ToString();
            }
        }

        foreach (var (name, values) in answer.Content.Headers.NonValidated)
        {
            context.Response.Headers[name] = values.ToString();
        }

        await using var body = await answer.Content.ReadAsStreamAsync(context.RequestAborted);
        var writer = context.Response.BodyWriter;
        while (await body.ReadAsync(writer.GetMemory(4096), context.RequestAborted) is var read and > 0)
        {
            writer.Advance(read);
            await writer.FlushAsync(context.RequestAborted);
        }
    }
}
