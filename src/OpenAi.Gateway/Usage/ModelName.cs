using System.Globalization;

namespace OpenAi.Gateway;

/// <summary>Names of models are what a client or an upstream wrote: nothing that may go into a log or a label as it is.</summary>
internal static class ModelName
{
    public const int MaxLength = 128;

    public static bool IsClean(string name)
    {
        if (name.Length is 0 or > MaxLength)
        {
            return false;
        }

        foreach (var character in name)
        {
            if (IsInvisible(character))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The name without anything that could break a line or hide itself, and not longer than <see cref="MaxLength"/>.</summary>
    public static string Clean(string name) => IsClean(name)
        ? name
        : string.Create(Math.Min(name.Length, MaxLength), name, static (clean, all) =>
        {
            for (var i = 0; i < clean.Length; i++)
            {
                clean[i] = IsInvisible(all[i]) ? '?' : all[i];
            }
        });

    private static bool IsInvisible(char character) => character is < ' ' or > '~'
        && char.GetUnicodeCategory(character) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate;
}
