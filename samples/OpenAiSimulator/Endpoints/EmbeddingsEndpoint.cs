using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace OpenAiSimulator.Endpoints;

internal static class EmbeddingsEndpoint
{
    private const int DefaultDimensions = 8;
    private const int MaxDimensions = 4096;

    public static async Task PostAsync(HttpContext context)
    {
        var request = await ModelRequest.ReadAsync(context);
        var inputs = PromptText.Many(request.Required("input"), "input");
        var dimensions = request.Number("dimensions", max: MaxDimensions) ?? DefaultDimensions;
        var asBase64 = request.OptionalText("encoding_format") == "base64";
        var tokens = inputs.Sum(Answer.CountTokens);

        await JsonAnswer.WriteAsync(context, new JsonObject
        {
            ["object"] = "list",
            ["data"] = new JsonArray([.. inputs.Select((input, index) => Embedding(Vector(input, dimensions), index, asBase64))]),
            ["model"] = request.Model,
            ["usage"] = new JsonObject { ["prompt_tokens"] = tokens, ["total_tokens"] = tokens },
        });
    }

    private static JsonObject Embedding(float[] vector, int index, bool asBase64) => new()
    {
        ["object"] = "embedding",
        ["index"] = index,
        ["embedding"] = asBase64
            ? Convert.ToBase64String(MemoryMarshal.AsBytes<float>(vector))
            : new JsonArray([.. vector.Select(number => JsonValue.Create(number))]),
    };

    // Numbers from -1 to 1 that hang on the text alone; the hash is read again and again when more are asked for.
    private static float[] Vector(string input, int dimensions)
    {
        var hash = Identifier.Hash(input);
        return [.. Enumerable.Range(0, dimensions).Select(i => (hash[i % hash.Length] - 127.5f) / 127.5f)];
    }
}
