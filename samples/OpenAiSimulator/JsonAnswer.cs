using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenAiSimulator.Faults;

namespace OpenAiSimulator;

internal static class JsonAnswer
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerOptions.Default)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static byte[] ToBytes(JsonNode json) => JsonSerializer.SerializeToUtf8Bytes(json, Options);

    public static async Task WriteAsync(HttpContext context, JsonNode json)
    {
        var bytes = ToBytes(json);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = bytes.Length;

        var cut = context.Features.Get<Fault>()?.CutAfter;
        await context.Response.Body.WriteAsync(bytes.AsMemory(0, Math.Min(bytes.Length, cut ?? bytes.Length)), context.RequestAborted);
        if (cut < bytes.Length)
        {
            await ConnectionCutException.CutAsync(context);
        }
    }
}
