using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpenAi.Gateway.Tests.Docs;

/// <summary>Makes the JSON schema of the appsettings sections from the options classes and their XML documentation.</summary>
internal static class ConfigurationSchemaWriter
{
    private const string TimePattern = @"^(\d+\.)?([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,7})?)?$";

    private static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Write()
    {
        var documentation = new XmlDocumentation(typeof(GatewayError).Assembly);
        var definitions = new JsonObject();
        foreach (var type in OptionsModel.Types)
        {
            definitions[type.Name] = Definition(type, documentation);
        }

        var route = definitions[nameof(OpenAiRouteOptions)]!["properties"]!;
        route["BasicAuthConsumers"] = Reference(typeof(BasicAuthConsumersOptions));
        route["BridgeCompletions"] = Reference(typeof(CompletionBridgeOptions));
        route["LimitCount"] = new JsonObject
        {
            ["anyOf"] = new JsonArray(Reference(typeof(LimitCountOptions)), ListOf(Reference(typeof(LimitCountOptions)))),
        };
        route["Models"] = Reference(typeof(ModelsOptions));
        route["LimitCount"] = OneOrMore(typeof(LimitCountOptions));
        route["LimitConcurrency"] = OneOrMore(typeof(LimitConcurrencyOptions));
        route["LimitTokens"] = OneOrMore(typeof(LimitTokensOptions));
        route["Budget"] = OneOrMore(typeof(BudgetOptions));
        route["ProxyCache"] = Reference(typeof(ProxyCacheOptions));

        return new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject
            {
                ["OpenAi"] = Reference(typeof(OpenAiUpstreamOptions)),
                ["OpenAiUpstreams"] = Described(MapOf(Reference(typeof(OpenAiUpstreamOptions))), "Upstreams by name."),
                ["OpenAiRoutes"] = Described(MapOf(Reference(typeof(OpenAiRouteOptions))), "Routes, each under a name of its own."),
                ["BasicAuthConsumers"] = Reference(typeof(BasicAuthConsumersOptions)),
                ["Models"] = Reference(typeof(ModelsOptions)),
                ["BridgeCompletions"] = Reference(typeof(CompletionBridgeOptions)),
                ["LimitCount"] = Reference(typeof(LimitCountOptions)),
                ["LimitConcurrency"] = Reference(typeof(LimitConcurrencyOptions)),
                ["LimitTokens"] = Reference(typeof(LimitTokensOptions)),
                ["Budget"] = Reference(typeof(BudgetOptions)),
                ["ProxyCache"] = Reference(typeof(ProxyCacheOptions)),
                ["ProxyCacheStore"] = Reference(typeof(ProxyCacheStoreOptions)),
                ["OpenAiUsage"] = Reference(typeof(OpenAiUsageOptions)),
            },
            ["definitions"] = definitions,
        }.ToJsonString(Format).ReplaceLineEndings("\n") + "\n";
    }

    private static JsonObject Definition(Type type, XmlDocumentation documentation)
    {
        var properties = new JsonObject();
        foreach (var property in OptionsModel.Properties(type))
        {
            var schema = SchemaOf(property.PropertyType);
            schema["description"] = documentation.SummaryOf(property);
            if (property.GetCustomAttribute<BetweenAttribute>() is { } range)
            {
                schema["minimum"] = JsonSerializer.SerializeToNode(range.Minimum);
                if (range.Maximum < int.MaxValue)
                {
                    schema["maximum"] = JsonSerializer.SerializeToNode(range.Maximum);
                }
            }

            if (property.GetCustomAttribute<AllowedValuesAttribute>() is { } allowed)
            {
                schema["enum"] = JsonSerializer.SerializeToNode(allowed.Values);
            }

            if (!OptionsModel.IsRequired(property) && OptionsModel.Default(property) is { } value)
            {
                schema["default"] = JsonSerializer.SerializeToNode(value);
            }

            properties[property.Name] = schema;
        }

        return new JsonObject
        {
            ["type"] = "object",
            ["description"] = documentation.SummaryOf(type),
            ["properties"] = properties,
            ["additionalProperties"] = false,
        };
    }

    private static JsonObject SchemaOf(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type switch
        {
            _ when type == typeof(bool) => Typed("boolean"),
            _ when type == typeof(int) || type == typeof(long) => Typed("integer"),
            _ when type == typeof(decimal) || type == typeof(double) => Typed("number"),
            _ when type == typeof(TimeSpan) => new JsonObject { ["type"] = "string", ["pattern"] = TimePattern },
            { IsEnum: true } => new JsonObject { ["enum"] = JsonSerializer.SerializeToNode(Enum.GetNames(type)) },
            { IsGenericType: true } when type.GetGenericTypeDefinition() == typeof(IDictionary<,>) => MapOf(SchemaOf(type.GetGenericArguments()[1])),
            { IsGenericType: true } => ListOf(SchemaOf(type.GetGenericArguments()[0])),
            _ when OptionsModel.Types.Contains(type) => Reference(type),
            _ => Typed("string"),
        };
    }

    private static JsonObject Typed(string type) => new() { ["type"] = type };

    private static JsonObject Reference(Type type) => new() { ["$ref"] = "#/definitions/" + type.Name };

    private static JsonObject ListOf(JsonObject items) => new() { ["type"] = "array", ["items"] = items };

    private static JsonObject OneOrMore(Type type) => new() { ["anyOf"] = new JsonArray(Reference(type), ListOf(Reference(type))) };

    private static JsonObject MapOf(JsonObject values) => new() { ["type"] = "object", ["additionalProperties"] = values };

    private static JsonObject Described(JsonObject schema, string description)
    {
        schema["description"] = description;
        return schema;
    }
}
