using System.Collections.Frozen;

namespace OpenAi.Gateway;

/// <summary>
/// A set of header names, without regard to case. Nearly every name that is asked for is not in it, and most of those are told by their
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

    // Small letters and large ones differ in a bit that is not looked at.
    private static uint BitOf(char letter) => 1u << (letter & 31);
}
