using System.Text.Json.Nodes;

namespace OpenAiSimulator.Endpoints;

/// <summary>A list to show. The other endpoints accept any model name.</summary>
internal static class ModelsEndpoint
{
    private static readonly string[] Names = ["text-davinci-003", "gpt-3.5-turbo-instruct", "gpt-4o-mini", "text-embedding-3-small"];

    public static Task ListAsync(HttpContext context) => JsonAnswer.WriteAsync(context, new JsonObject
    {
        ["object"] = "list",
        ["data"] = new JsonArray([.. Names.Select(Model)]),
    });

    public static Task GetAsync(HttpContext context)
    {
        var name = (string)context.Request.RouteValues["id"]!;
        return JsonAnswer.WriteAsync(context, Names.Contains(name) ? Model(name) : throw ApiException.NoSuchModel(name));
    }

    private static JsonObject Model(string name) => new()
    {
        ["id"] = name,
        ["object"] = "model",
        ["created"] = Identifier.Created,
        ["owned_by"] = "simulator",
    };
}
