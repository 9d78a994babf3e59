using System.Reflection;
using System.Runtime.CompilerServices;

namespace OpenAi.Gateway.Tests.PublicApi;

/// <summary>One line for each public type and member, sorted.</summary>
internal static class PublicApiWriter
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static string Write(Assembly assembly) =>
        string.Concat(assembly.GetExportedTypes().SelectMany(Lines).Order(StringComparer.Ordinal).Select(line => line + "\n"));

    private static IEnumerable<string> Lines(Type type)
    {
        var name = SignatureText.Of(type);
        yield return $"{name} : {Kind(type)}{Bases(type)}";
        if (type.IsEnum)
        {
            foreach (var value in Enum.GetNames(type))
            {
                yield return $"{name}.{value} = {Convert.ToInt64(Enum.Parse(type, value), null)}";
            }

            yield break;
        }

        foreach (var field in type.GetFields(Declared).Where(field => field.IsPublic || field.IsFamily))
        {
            yield return $"{name}.{field.Name} -> {(field.IsLiteral ? "const " : "")}{SignatureText.Of(field.FieldType)}"
                + (field.IsLiteral ? " = " + SignatureText.Value(field.GetRawConstantValue()) : "");
        }

        foreach (var property in type.GetProperties(Declared).Where(property => property.GetAccessors(true).Any(IsVisible)))
        {
            var propertyType = SignatureText.Of(property.PropertyType, new NullabilityInfoContext().Create(property));
            var accessors = Accessor(property.GetMethod, "get") + Accessor(property.SetMethod, SetterName(property));
            yield return $"{name}.{property.Name} {{ {accessors}}} -> {propertyType}";
        }

        foreach (var method in type.GetConstructors(Declared).Cast<MethodBase>().Concat(type.GetMethods(Declared)).Where(IsWritten))
        {
            yield return $"{Modifiers(method)}{name}.{MethodText(method, type)}";
        }
    }

    private static string Kind(Type type) => type switch
    {
        { IsInterface: true } => "interface",
        { IsEnum: true } => "enum",
        { IsValueType: true } => "readonly record struct",
        { IsAbstract: true, IsSealed: true } => "static class",
        { IsAbstract: true } => "abstract class",
        _ when type.GetMethod("<Clone>$") is not null => "sealed record",
        { IsSealed: true } => "sealed class",
        _ => "class",
    };

    private static string Bases(Type type)
    {
        var interfaces = type.IsEnum || type.IsValueType ? [] : type.GetInterfaces().Except(type.BaseType?.GetInterfaces() ?? []);
        var bases = interfaces.Where(one => one.Name != "IEquatable`1")
            .Select(one => SignatureText.Of(one))
            .Order(StringComparer.Ordinal)
            .ToList();
        if (type.BaseType is { } parent && parent != typeof(object) && !type.IsValueType)
        {
            bases.Insert(0, SignatureText.Of(parent));
        }

        return bases.Count == 0 ? "" : ", " + string.Join(", ", bases);
    }

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    // What the compiler adds to records, and accessors, are not listed.
    private static bool IsWritten(MethodBase method) =>
        IsVisible(method) && !method.IsDefined(typeof(CompilerGeneratedAttribute)) && !(method.IsSpecialName && !method.IsConstructor);

    private static string Modifiers(MethodBase method) => method switch
    {
        { IsStatic: true } => "static ",
        { IsAbstract: true, DeclaringType.IsInterface: false } => "abstract ",
        _ => "",
    };

    private static string MethodText(MethodBase method, Type type)
    {
        var parameters = string.Join(", ", method.GetParameters().Select(SignatureText.Of));
        if (method is not MethodInfo { } named)
        {
            return $"{type.Name}({parameters})";
        }

        var generics = named.IsGenericMethod ? $"<{string.Join(", ", named.GetGenericArguments().Select(GenericParameter))}>" : "";
        return $"{named.Name}{generics}({parameters}) -> "
            + SignatureText.Of(named.ReturnType, new NullabilityInfoContext().Create(named.ReturnParameter));
    }

    private static string GenericParameter(Type parameter) => string.Join(
        " : ", parameter.GetGenericParameterConstraints().Select(constraint => SignatureText.Of(constraint)).Prepend(parameter.Name));

    private static string Accessor(MethodInfo? accessor, string name) => accessor is not null && IsVisible(accessor) ? name + "; " : "";

    private static string SetterName(PropertyInfo property) =>
        property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true ? "init" : "set";
}
