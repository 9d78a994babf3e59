using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace OpenAi.Gateway;

/// <summary>
/// Refuses what the binder passes over without a word: one value where a list or members belong, members where one value belongs, lists that are
/// empty, and times that it takes for days. A route whose <c>Hosts</c> are a text would be open for every host, and one whose <c>AllowedModels</c> are,
/// or are none, for every model.
/// </summary>
internal static class SectionShape
{
    private const DynamicallyAccessedMemberTypes Members =
        DynamicallyAccessedMemberTypes.PublicProperties | DynamicallyAccessedMemberTypes.PublicParameterlessConstructor;

    /// <param name="section">The section that the options are bound from.</param>
    /// <param name="alsoKnown">Names that belong there and are checked elsewhere, for whoever has misspelt one.</param>
    /// <exception cref="InvalidOperationException">A setting has another shape, or a name that is not known.</exception>
    public static void Check<[DynamicallyAccessedMembers(Members)] TOptions>(IConfiguration section, params IEnumerable<string> alsoKnown)
        where TOptions : new()
    {
        // With members it is no text: a variable of the environment may happen to have a section's name.
        if (section is IConfigurationSection itself && !itself.GetChildren().Any())
        {
            RefuseValue(itself, "Give it its members.");
        }

        var known = typeof(TOptions).GetProperties();
        foreach (var setting in section.GetChildren())
        {
            if (Array.Find(known, property => property.Name.Equals(setting.Key, StringComparison.OrdinalIgnoreCase)) is not { } property)
            {
                var names = known.Select(one => one.Name).Concat(alsoKnown).Order();
                throw new InvalidOperationException(
                    $"{setting.Path} is not a setting. Correct its name, or take it out; known here are: {string.Join(", ", names)}.");
            }

            Check<TOptions>(setting, property);
        }
    }

    /// <summary>Checks each member of a list or map whose members are options themselves.</summary>
    public static void CheckEach<[DynamicallyAccessedMembers(Members)] TOptions>(IConfigurationSection members)
        where TOptions : new()
    {
        foreach (var member in members.GetChildren())
        {
            Check<TOptions>(member);
        }
    }

    /// <summary>
    /// Refuses a list that is empty, where leaving it out means more than nothing. The binder does not tell the two apart: it would allow all models where
    /// it is meant to allow none.
    /// </summary>
    public static void RefuseEmptyList(IConfigurationSection list)
    {
        if (list.Value is not null && !list.GetChildren().Any())
        {
            throw new InvalidOperationException($"{list.Path} is an empty list, which is not the default. Say what is in it, or leave it out for the default.");
        }
    }

    private static void Check<TOptions>(IConfigurationSection setting, PropertyInfo property)
        where TOptions : new()
    {
        if (property.PropertyType.GetGenericArguments() is not [.., var ofMembers] || property.PropertyType.IsValueType)
        {
            RefuseMembers(setting);
            CheckMeaning(setting, Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType);
            return;
        }

        RefuseValue(setting, $"Give it its members; of a list the first is {setting.Path}:0.");
        if (property.CanWrite && property.GetValue(new TOptions()) is not ICollection { Count: 0 })
        {
            RefuseEmptyList(setting);
        }

        if (ofMembers == typeof(string) || ofMembers.IsValueType)
        {
            foreach (var member in setting.GetChildren())
            {
                RefuseMembers(member);
            }
        }
    }

    // An empty list is an empty text to some sources. The value may be a secret: it is not repeated.
    private static void RefuseValue(IConfigurationSection section, string remedy)
    {
        if (!string.IsNullOrEmpty(section.Value))
        {
            throw new InvalidOperationException($"{section.Path} is a single value. {remedy}");
        }
    }

    private static void RefuseMembers(IConfigurationSection section)
    {
        if (section.GetChildren().FirstOrDefault() is { } member)
        {
            throw new InvalidOperationException($"{section.Path} has members, such as {member.Path}. Give it a single value.");
        }
    }

    // The binder names no remedy for a word that it does not know, and takes times for days that are meant as something else.
    private static void CheckMeaning(IConfigurationSection setting, Type type)
    {
        if (string.IsNullOrEmpty(setting.Value))
        {
            return;
        }

        if (type.IsEnum && !Enum.TryParse(type, setting.Value, ignoreCase: true, out _))
        {
            throw new InvalidOperationException($"{setting.Path} is none of: {string.Join(", ", Enum.GetNames(type))}.");
        }

        if (type == typeof(TimeSpan))
        {
            CheckTime(setting.Path, setting.Value);
        }
    }

    // "60" is no minute to .NET but 60 days, and "24:00:00" no day but 24 of them.
    private static void CheckTime(string path, string value)
    {
        if (!TimeSpan.TryParse(value, CultureInfo.InvariantCulture, out var time))
        {
            throw new InvalidOperationException($"{path} is not a time. Write it as hh:mm:ss, or with days as d.hh:mm:ss.");
        }

        if (time.Days != 0 && !value.Split(':')[0].Contains('.', StringComparison.Ordinal))
        {
            throw new InvalidOperationException(
                $"{path} would be {time.Days} days. Write hh:mm:ss, with hours up to 23 (a minute is 00:01:00), or with days d.hh:mm:ss (a day is 1.00:00:00).");
        }
    }
}
