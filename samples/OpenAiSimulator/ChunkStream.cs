using System.Text.Json.Nodes;

namespace OpenAiSimulator;

/// <summary>The stream that completions and chat completions share: chunks of choices, perhaps the usage, <c>[DONE]</c>.</summary>
internal sealed class ChunkStream(HttpContext context, bool includeUsage, Func<JsonArray, JsonObject> envelope)
{
    private readonly SseWriter _sse = new(context);

    public async Task WriteAsync(Answer[] answers, Usage usage, Func<Answer, int, IEnumerable<JsonObject>> chunks)
    {
        foreach (var choice in answers.SelectMany(chunks))
        {
            await WriteAsync([choice], usage: null);
        }

        if (includeUsage)
        {
            await WriteAsync([], usage.ToJson());
        }

        await _sse.WriteDoneAsync();
    }

    private Task WriteAsync(JsonArray choices, JsonObject? usage)
    {
        var chunk = envelope(choices);
        if (includeUsage)
        {
            chunk["usage"] = usage;
        }

        return _sse.WriteAsync(chunk);
    }
}
