using System.Text.Json.Nodes;

namespace OpenAiSimulator.Endpoints;

internal static class CompletionsEndpoint
{
    public static async Task PostAsync(HttpContext context)
    {
        var request = await ModelRequest.ReadAsync(context);
        var prompts = PromptText.Many(request.Required("prompt"), "prompt");
        var maxTokens = request.Number("max_tokens");
        var numbers = Enumerable.Range(0, request.Choices);
        var answers = prompts.SelectMany(_ => numbers, (prompt, number) => Answer.To(prompt, number, maxTokens)).ToArray();
        var usage = Usage.Of(prompts, answers);
        var id = Identifier.Of("cmpl-", string.Join('\n', prompts.Prepend(request.Model)));

        await (request.Stream
            ? new ChunkStream(context, request.IncludeUsage, choices => Envelope(id, request.Model, choices))
                .WriteAsync(answers, usage, Chunks)
            : JsonAnswer.WriteAsync(context, Complete(id, request.Model, answers, usage)));
    }

    private static JsonObject Complete(string id, string model, Answer[] answers, Usage usage)
    {
        var choices = answers.Select((answer, index) => Choice(answer.Text, index, answer.FinishReason));
        var completion = Envelope(id, model, [.. choices]);
        completion["usage"] = usage.ToJson();
        return completion;
    }

    private static IEnumerable<JsonObject> Chunks(Answer answer, int index) =>
        answer.Tokens.Select(token => Choice(token, index, null)).Append(Choice("", index, answer.FinishReason));

    private static JsonObject Envelope(string id, string model, JsonArray choices) => new()
    {
        ["id"] = id,
        ["object"] = "text_completion",
        ["created"] = Identifier.Created,
        ["model"] = model,
        ["choices"] = choices,
    };

    private static JsonObject Choice(string text, int index, string? finishReason) => new()
    {
        ["text"] = text,
        ["index"] = index,
        ["logprobs"] = null,
        ["finish_reason"] = finishReason,
    };
}
