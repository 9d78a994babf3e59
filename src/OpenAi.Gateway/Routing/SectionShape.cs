using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace OpenAi.Gateway;

/// <summary>
/// Refuses what the binder passes over without a word: one value where a list or members belong, members where one value belongs. A route whose
/// <c>Hosts</c> are a text would be open for every host, and one whose <c>AllowedModels</c> are for every model.
/// </summary>
internal static class SectionShape
{
    /// <exception cref="InvalidOperationException">A setting has another shape, or a name that is not known.</exception>
    public static void Check<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] TOptions>(IConfiguration section)
    {
        // With members it is no text: a variable of the environment may happen to have a section's name.
        if (section is IConfigurationSection itself && !itself.GetChildren().Any())
        {
            HasNoValue(itself, "Give it its members.");
        }

        var known = typeof(TOptions).GetProperties();
        foreach (var setting in section.GetChildren())
        {
            if (Array.Find(known, property => property.Name.Equals(setting.Key, StringComparison.OrdinalIgnoreCase)) is not { } property)
            {
                throw new InvalidOperationException(
                    $"{setting.Path} is not a setting. Correct its name, or take it out; known here are: {string.Join(", ", known.Select(one => one.Name).Order())}.");
            }

            Check(setting, property);
        }
    }

    /// <summary>Checks each member of a list or map whose members are options themselves.</summary>
    public static void CheckEach<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] TOptions>(IConfigurationSection members)
    {
        foreach (var member in members.GetChildren())
        {
            Check<TOptions>(member);
        }
    }

    private static void Check(IConfigurationSection setting, PropertyInfo property)
    {
        if (property.PropertyType.GetGenericArguments() is not [.., var ofMembers] || property.PropertyType.IsValueType)
        {
            HasNoMembers(setting);
            return;
        }

        HasNoValue(setting, $"Give it its members; of a list the first is {setting.Path}:0.");
        if (ofMembers == typeof(string) || ofMembers.IsValueType)
        {
            foreach (var member in setting.GetChildren())
            {
                HasNoMembers(member);
            }
        }
    }

    // An empty list is an empty text to some sources. The value may be a secret: it is not repeated.
    private static void HasNoValue(IConfigurationSection section, string remedy)
    {
        if (!string.IsNullOrEmpty(section.Value))
        {
            throw new InvalidOperationException($"{section.Path} is a single value. {remedy}");
        }
    }

    private static void HasNoMembers(IConfigurationSection section)
    {
        if (section.GetChildren().FirstOrDefault() is { } member)
        {
            throw new InvalidOperationException($"{section.Path} has members, such as {member.Path}. Give it a single value.");
        }
    }
}
