using System.Text.Json.Nodes;

namespace OpenAiSimulator.Endpoints;

internal static class ResponsesEndpoint
{
    public static async Task PostAsync(HttpContext context)
    {
        var request = await ModelRequest.ReadAsync(context);
        var input = request.Required("input");
        var inputs = input is JsonArray ? PromptText.Messages(input, "input") : [ModelRequest.Text(input, "input")];
        var answer = Answer.To(inputs[^1], choice: 0, request.Number("max_output_tokens"));
        var key = string.Join('\n', inputs.Prepend(request.Model));
        var completed = Response(key, request.Model, Message(key, answer), Usage.Of(inputs, [answer]));

        await (request.Stream
            ? WriteStreamAsync(new(context), Response(key, request.Model, null, null), answer, completed)
            : JsonAnswer.WriteAsync(context, completed));
    }

    private static async Task WriteStreamAsync(SseWriter sse, JsonObject created, Answer answer, JsonObject completed)
    {
        var itemId = completed["output"]![0]!["id"]!.GetValue<string>();
        var number = 0;
        await sse.WriteTypedAsync(new() { ["type"] = "response.created", ["sequence_number"] = number++, ["response"] = created });
        foreach (var token in answer.Tokens)
        {
            await sse.WriteTypedAsync(new()
            {
                ["type"] = "response.output_text.delta",
                ["sequence_number"] = number++,
                ["item_id"] = itemId,
                ["output_index"] = 0,
                ["content_index"] = 0,
                ["delta"] = token,
            });
        }

        await sse.WriteTypedAsync(new() { ["type"] = "response.completed", ["sequence_number"] = number, ["response"] = completed });
    }

    private static JsonObject Response(string key, string model, JsonObject? message, Usage? usage) => new()
    {
        ["id"] = Identifier.Of("resp_", key),
        ["object"] = "response",
        ["created_at"] = Identifier.Created,
        ["status"] = message is null ? "in_progress" : "completed",
        ["error"] = null,
        ["incomplete_details"] = null,
        ["instructions"] = null,
        ["model"] = model,
        ["output"] = message is null ? [] : new JsonArray(message),
        ["parallel_tool_calls"] = true,
        ["tool_choice"] = "auto",
        ["tools"] = new JsonArray(),
        ["usage"] = usage?.ToResponsesJson(),
        ["metadata"] = new JsonObject(),
    };

    private static JsonObject Message(string key, Answer answer) => new()
    {
        ["id"] = Identifier.Of("msg_", key),
        ["type"] = "message",
        ["status"] = "completed",
        ["role"] = "assistant",
        ["content"] = new JsonArray(new JsonObject
        {
            ["type"] = "output_text",
            ["text"] = answer.Text,
            ["annotations"] = new JsonArray(),
        }),
    };
}
