using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace OpenAi.Gateway.Tests.PublicApi;

/// <summary>Types, parameters and values as C# writes them.</summary>
internal static class SignatureText
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(int)] = "int",
        [typeof(long)] = "long",
    };

    public static string Of(Type type, NullabilityInfo? nullability = null)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return Of(underlying) + "?";
        }

        var mark = !type.IsValueType && (nullability?.ReadState == NullabilityState.Nullable || nullability?.WriteState == NullabilityState.Nullable)
            ? "?"
            : "";
        if (type.IsArray)
        {
            return $"{Of(type.GetElementType()!, nullability?.ElementType)}[]{mark}";
        }

        var name = Keywords.GetValueOrDefault(type)
            ?? (type.IsGenericParameter ? type.Name : $"{type.Namespace}.{type.Name.Split('`')[0]}");
        if (type.IsGenericType)
        {
            var arguments = type.GetGenericArguments()
                .Select((argument, i) => Of(argument, nullability?.GenericTypeArguments.ElementAtOrDefault(i)));
            name += $"<{string.Join(", ", arguments)}>";
        }

        return name + mark;
    }

    public static string Of(ParameterInfo parameter)
    {
        var isExtended = parameter.Position == 0 && parameter.Member.IsDefined(typeof(ExtensionAttribute));
        var prefix = isExtended ? "this " : parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : "";
        var type = Of(parameter.ParameterType, new NullabilityInfoContext().Create(parameter));
        return $"{prefix}{type} {parameter.Name}{(parameter.HasDefaultValue ? " = " + Value(parameter.RawDefaultValue) : "")}";
    }

    public static string Value(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
