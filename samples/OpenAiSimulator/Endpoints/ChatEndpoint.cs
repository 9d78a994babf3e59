using System.Text.Json.Nodes;

namespace OpenAiSimulator.Endpoints;

internal static class ChatEndpoint
{
    public static async Task PostAsync(HttpContext context)
    {
        var request = await ModelRequest.ReadAsync(context);
        var messages = PromptText.Messages(request.Required("messages"), "messages");
        var maxTokens = request.Number("max_completion_tokens") ?? request.Number("max_tokens");
        var answers = Enumerable.Range(0, request.Choices).Select(n => Answer.To(messages[^1], n, maxTokens)).ToArray();
        var usage = Usage.Of(messages, answers);
        var id = Identifier.Of("chatcmpl-", string.Join('\n', messages.Prepend(request.Model)));

        await (request.Stream
            ? new ChunkStream(context, request.IncludeUsage, choices => Envelope(id, "chat.completion.chunk", request.Model, choices))
                .WriteAsync(answers, usage, Chunks)
            : JsonAnswer.WriteAsync(context, Complete(id, request.Model, answers, usage)));
    }

    private static JsonObject Complete(string id, string model, Answer[] answers, Usage usage)
    {
        var choices = answers.Select((answer, index) => Choice("message", Message(answer), index, answer.FinishReason));
        var completion = Envelope(id, "chat.completion", model, [.. choices]);
        completion["usage"] = usage.ToJson();
        return completion;
    }

    private static IEnumerable<JsonObject> Chunks(Answer answer, int index) =>
    [
        Choice("delta", new() { ["role"] = "assistant", ["content"] = "", ["refusal"] = null }, index, null),
        .. answer.Tokens.Select(token => Choice("delta", new() { ["content"] = token }, index, null)),
        Choice("delta", [], index, answer.FinishReason),
    ];

    private static JsonObject Message(Answer answer) => new()
    {
        ["role"] = "assistant",
        ["content"] = answer.Text,
        ["refusal"] = null,
        ["annotations"] = new JsonArray(),
    };

    private static JsonObject Envelope(string id, string type, string model, JsonArray choices) => new()
    {
        ["id"] = id,
        ["object"] = type,
        ["created"] = Identifier.Created,
        ["model"] = model,
        ["choices"] = choices,
    };

    private static JsonObject Choice(string name, JsonObject content, int index, string? finishReason) => new()
    {
        ["index"] = index,
        [name] = content,
        ["logprobs"] = null,
        ["finish_reason"] = finishReason,
    };
}
