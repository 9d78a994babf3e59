using System.Collections.Concurrent;

namespace OpenAi.Gateway;

/// <summary>Names that were seen, up to a number: clients and upstreams can make up any number of them.</summary>
internal sealed class BoundedNames(int most)
{
    private readonly ConcurrentDictionary<string, bool> _names = new(StringComparer.Ordinal);
    private int _count;

    public bool Contains(string name) => _names.ContainsKey(name);

    /// <summary>Adds a name; <see langword="false"/> when it is there already, or there is no room for it.</summary>
    public bool TryAdd(string name)
    {
        if (Volatile.Read(ref _count) >= most)
        {
            return false;
        }

        lock (_names)
        {
            var isAdded = _count < most && _names.TryAdd(name, true);
            _count += isAdded ? 1 : 0;
            return isAdded;
        }
    }
}
