using System.Collections;
using System.Globalization;
using System.Reflection;

namespace OpenAi.Gateway.Tests.Docs;

/// <summary>The options classes as configuration sees them.</summary>
internal static class OptionsModel
{
    public static readonly IReadOnlyList<Type> Types =
    [
        typeof(OpenAiUpstreamOptions),
        typeof(OpenAiUpstreamNodeOptions),
        typeof(OpenAiFallbackOptions),
        typeof(OpenAiRouteOptions),
        typeof(BasicAuthConsumersOptions),
        typeof(BasicAuthConsumerOptions),
        typeof(LimitCountOptions),
        typeof(ModelsOptions),
        typeof(LimitTokensOptions),
        typeof(LimitConcurrencyOptions),
        typeof(BudgetOptions),
        typeof(ProxyCacheOptions),
        typeof(ProxyCacheStoreOptions),
        typeof(OpenAiUsageOptions),
        typeof(ModelPriceOptions),
        typeof(TierPriceOptions),
        typeof(CompletionBridgeOptions),
        typeof(CompletionBridgeModelOptions),
    ];

    private static readonly string[] Required =
    [
        "OpenAiUpstreamOptions.Nodes", "OpenAiUpstreamNodeOptions.Address", "OpenAiFallbackOptions.Upstream",
        "OpenAiRouteOptions.Pattern", "OpenAiRouteOptions.Upstream",
        "BasicAuthConsumerOptions.Name", "BasicAuthConsumerOptions.Username", "LimitCountOptions.Count", "LimitCountOptions.TimeWindow",
        "LimitTokensOptions.Count", "LimitTokensOptions.TimeWindow", "LimitConcurrencyOptions.Permits", "BudgetOptions.Amount",
        "ModelPriceOptions.Input", "TierPriceOptions.Input",
        "CompletionBridgeModelOptions.Model",
    ];

    public static IEnumerable<PropertyInfo> Properties(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly);

    public static bool IsRequired(PropertyInfo property) => Required.Contains($"{property.DeclaringType!.Name}.{property.Name}");

    /// <summary>The default as appsettings would write it: texts, numbers, booleans or a list of them; null when there is none.</summary>
    public static object? Default(PropertyInfo property) => $"{property.DeclaringType!.Name}.{property.Name}" == "OpenAiRouteOptions.Methods"
        ? new object[] { "POST" } // an empty list stands for it
        : Plain(property.GetValue(Activator.CreateInstance(property.DeclaringType!)));

    /// <summary>The default as the tables of docs/configuration.md write it.</summary>
    public static string DefaultText(PropertyInfo property) => IsRequired(property)
        ? "required"
        : Default(property) switch
        {
            null => "–",
            object[] list => string.Join(", ", list.Select(Code)),
            var value => Code(value),
        };

    private static string Code(object value) =>
        $"`{(value is bool flag ? flag ? "true" : "false" : Convert.ToString(value, CultureInfo.InvariantCulture))}`";

    private static object? Plain(object? value) => value switch
    {
        null => null,
        TimeSpan time => time.ToString("c", CultureInfo.InvariantCulture),
        string or bool or int or long or double => value,
        IDictionary { Count: 0 } => null,
        IEnumerable list => list.Cast<object>().Select(item => Plain(item)!).ToArray() is { Length: > 0 } items ? items : null,
        _ => value.ToString(),
    };
}
