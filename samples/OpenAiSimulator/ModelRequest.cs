using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpenAiSimulator;

/// <summary>The members that the model endpoints have in common, each checked as it is read.</summary>
internal sealed class ModelRequest(JsonObject body)
{
    private const int MaxChoices = 128;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    public string Model { get; } = Text(body["model"] ?? throw ApiException.Missing("model"), "model");

    public bool Stream => Flag(body["stream"], "stream");

    public bool IncludeUsage => Flag((body["stream_options"] as JsonObject)?["include_usage"], "stream_options.include_usage");

    public int Choices => Number("n", 1, MaxChoices) ?? 1;

    public static async Task<ModelRequest> ReadAsync(HttpContext context)
    {
        // As the real API does: `curl -d` without a Content-Type header is refused.
        if (!context.Request.HasJsonContentType())
        {
            throw ApiException.BadRequest(
                $"Unsupported content type: '{context.Request.ContentType}'. This API method only accepts 'application/json' requests.",
                code: "unsupported_content_type");
        }

        try
        {
            var body = await JsonNode.ParseAsync(context.Request.Body, null, Strict, context.RequestAborted);
            return new(body as JsonObject ?? throw NotJson());
        }
        catch (JsonException)
        {
            throw NotJson();
        }
    }

    public JsonNode Required(string name) => body[name] ?? throw ApiException.Missing(name);

    /// <summary>A whole number from 1 on, or null when the request does not say.</summary>
    public int? Number(string name, int min = 1, int max = int.MaxValue)
    {
        if (body[name] is not { } node)
        {
            return null;
        }

        return node is JsonValue value && value.TryGetValue(out int number) && number >= min && number <= max
            ? number
            : throw ApiException.WrongType(name, $"an integer from {min} to {max}");
    }

    public string? OptionalText(string name) => body[name] is { } node ? Text(node, name) : null;

    public static string Text(JsonNode? node, string name) =>
        node is JsonValue value && value.TryGetValue(out string? text) ? text : throw ApiException.WrongType(name, "a string");

    private static bool Flag(JsonNode? node, string name) => node switch
    {
        null => false,
        JsonValue value when value.TryGetValue(out bool flag) => flag,
        _ => throw ApiException.WrongType(name, "a boolean"),
    };

    private static ApiException NotJson() =>
        ApiException.BadRequest("We could not parse the JSON body of your request.", code: "invalid_json");
}
