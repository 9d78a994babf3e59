using System.Collections.Frozen;

namespace OpenAi.Gateway;

/// <summary>
/// A set of header names, without regard to case. Nearly every name that is looked up is not in it, and most of those are ruled out by their
/// length and first letter, before anything is hashed.
/// </summary>
internal sealed class HeaderNameSet
{
    private readonly FrozenSet<string> _names;

    // By length, a bit for each first letter.
    private readonly uint[] _firstLetters;

    public HeaderNameSet(params string[] names)
    {
        _names = names.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        _firstLetters = new uint[names.Max(name => name.Length) + 1];
        foreach (var name in names)
        {
            _firstLetters[name.Length] |= BitOf(name[0]);
        }
    }

    public bool Contains(string name) =>
        (uint)(name.Length - 1) < _firstLetters.Length - 1 && (_firstLetters[name.Length] & BitOf(name[0])) != 0 && _names.Contains(name);

    // Upper and lower case differ only in a bit that this drops.
    private static uint BitOf(char letter) => 1u << (letter & 31);
}
