using System.Text.Json.Nodes;

namespace OpenAiSimulator;

/// <summary>Reads the texts out of the forms that OpenAI allows for a prompt, an input or a message.</summary>
internal static class PromptText
{
    /// <summary>A text, a list of texts, a list of token numbers, or a list of such lists.</summary>
    public static string[] Many(JsonNode node, string name) => node switch
    {
        JsonArray { Count: 0 } => throw ApiException.WrongType(name, "at least one element"),
        JsonArray tokens when tokens[0] is JsonValue first && first.TryGetValue(out long _) => [One(tokens, name)],
        JsonArray prompts => [.. prompts.Select(prompt => One(prompt, name))],
        _ => [One(node, name)],
    };

    /// <summary>The texts of chat messages or input items, in their order.</summary>
    public static string[] Messages(JsonNode node, string name) =>
        node is JsonArray { Count: > 0 } messages
            ? [.. messages.Select(message => Content((message as JsonObject)?["content"], name + "[].content"))]
            : throw ApiException.WrongType(name, "an array of messages");

    private static string One(JsonNode? node, string name) =>
        node is JsonArray tokens ? string.Join(' ', tokens.Select(token => token?.ToJsonString())) : ModelRequest.Text(node, name);

    private static string Content(JsonNode? content, string name) => content switch
    {
        // An assistant's message that only calls tools has no content.
        null => "",
        JsonArray parts => string.Join(' ', parts.OfType<JsonObject>().Select(part => part["text"]).OfType<JsonValue>()),
        _ => ModelRequest.Text(content, name),
    };
}
