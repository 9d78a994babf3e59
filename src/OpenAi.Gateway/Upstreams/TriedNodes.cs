namespace OpenAi.Gateway;

/// <summary>What one call has tried already.</summary>
internal sealed class TriedNodes
{
    private readonly List<NodeKey> _tried = [];
    private readonly List<UpstreamKey> _spent = [];
    private readonly List<(Upstream Upstream, UpstreamKey Key)> _refused = [];

    public void Add(NodeKey pair) => _tried.Add(pair);

    /// <summary>The node itself failed, whatever the key.</summary>
    public void Add(UpstreamNode node) => _tried.AddRange(node.Keys);

    /// <summary>The key is not to be used again for this call, on any node.</summary>
    public void Spend(UpstreamKey key) => _spent.Add(key);

    /// <summary>The upstream does not know the key, or something else in the request.</summary>
    public void Refuse(Upstream upstream, UpstreamKey key)
    {
        Spend(key);
        _refused.Add((upstream, key));
    }

    /// <summary>The keys that an upstream has refused, once.</summary>
    public IReadOnlyList<UpstreamKey> TakeRefused(Upstream upstream)
    {
        if (_refused.Count == 0)
        {
            return [];
        }

        UpstreamKey[] taken = [.. _refused.Where(refused => refused.Upstream == upstream).Select(refused => refused.Key)];
        _refused.RemoveAll(refused => refused.Upstream == upstream);
        return taken;
    }

    public bool IsSpent(NodeKey pair) => _spent.Contains(pair.Key);

    public bool Contains(NodeKey pair) => _tried.Contains(pair) || IsSpent(pair);
}
