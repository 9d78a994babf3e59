using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>
/// OpenAI's envelope with APISIX's member beside it, so that both kinds of client find their words:
/// <c>{"error_msg": "…", "error": {"message": "…", "type": "…", "param": null, "code": "…"}}</c>.
/// </summary>
internal sealed class OpenAiErrorWriter : GatewayErrorWriter
{
    // Messages are for people: letters outside ASCII stay as they are. The answer is never HTML.
    private static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public override Task WriteAsync(HttpContext context, GatewayError error)
    {
        var response = context.Response;
        response.StatusCode = error.Status;
        if (error.RetryAfter is { } retryAfter)
        {
            response.Headers.RetryAfter = WholeSeconds(retryAfter).ToString(CultureInfo.InvariantCulture);
        }

        if (error.Status is StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent or StatusCodes.Status304NotModified)
        {
            return Task.CompletedTask; // These have no body (RFC 9110, 15); a limit may be set to answer with one of them.
        }

        var body = Serialize(error);
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    /// <param name="error">The error.</param>
    /// <param name="number">The number of the event that the error is in a stream of the responses API, whose clients know events by their own members.</param>
    internal static ReadOnlyMemory<byte> Serialize(GatewayError error, long? number = null)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(buffer, WriterOptions);
        json.WriteStartObject();
        if (number is not null)
        {
            json.WriteNumber("sequence_number", number.Value);
            WriteMembers(json, error, "error");
        }

        json.WriteString("error_msg", error.Message);
        json.WriteStartObject("error");
        WriteMembers(json, error, error.Type);
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteMembers(Utf8JsonWriter json, GatewayError error, string type)
    {
        json.WriteString("message", error.Message);
        json.WriteString("type", type);
        json.WriteString("param", error.Param);
        json.WriteString("code", error.Code);
    }

    // Rounded up: a caller that comes back exactly then must be let in.
    internal static long WholeSeconds(TimeSpan time) => Math.Max(1, (long)Math.Ceiling(time.TotalSeconds));
}
