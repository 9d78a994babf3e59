using System.Collections.Frozen;
using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

/// <summary>A list of models: whole names, and beginnings of names that are written with <c>*</c> at their end.</summary>
internal sealed class ModelNames(IEnumerable<string> names)
{
    private readonly FrozenSet<string> _whole = names.Where(name => !name.EndsWith('*')).ToFrozenSet(StringComparer.Ordinal);
    private readonly string[] _beginnings = [.. names.Where(name => name.EndsWith('*')).Select(name => name[..^1])];

    public bool Contains(string model) =>
        _whole.Contains(model) || Array.Exists(_beginnings, beginning => model.StartsWith(beginning, StringComparison.Ordinal));

    /// <summary>Adds what is wrong with a list of allowed models.</summary>
    public static void Check(IList<string>? names, string property, ValidateOptionsResultBuilder result)
    {
        if (names is { Count: 0 })
        {
            result.AddError("is empty, so that no model could be asked for. Name some, or leave it out to allow all.", property);
        }

        foreach (var name in names ?? [])
        {
            if (string.IsNullOrWhiteSpace(name) || name.AsSpan(0, name.Length - 1).Contains('*'))
            {
                result.AddError($"has '{name}'. Give the name of a model, or the beginning of one and '*'.", property);
            }
        }
    }
}
