namespace OpenAi.Gateway;

/// <summary>One node of an upstream, as the selector sees it.</summary>
public sealed class UpstreamNode
{
    private readonly Lock _lock = new();
    private readonly string _base;
    private Target? _lastTarget;
    private long _turn;

    internal UpstreamNode(OpenAiUpstreamNodeOptions options, IEnumerable<UpstreamKey> keys, TimeProvider time)
    {
        Address = new Uri(options.Address);
        Weight = options.Weight;
        Cooldown = new Cooldown(time);
        Keys = [.. keys.Select(key => new NodeKey(this, key, time))];
        _base = Address.GetLeftPart(UriPartial.Path).TrimEnd('/');
    }

    /// <summary>Scheme, host, port and base path.</summary>
    public Uri Address { get; }

    /// <summary>The node's share of the calls, relative to the others'.</summary>
    public int Weight { get; }

    /// <summary>
    /// How long the node is still avoided after failures, of its own or of all its keys; zero when it is not.
    /// </summary>
    public TimeSpan CooldownLeft => Keys.Min(pair => pair.CooldownLeft);

    /// <summary>The node with each of its keys; a node without a key has one pair, whose key has no credential.</summary>
    internal NodeKey[] Keys { get; }

    /// <summary>The node's own cooldown, whatever the key.</summary>
    internal Cooldown Cooldown { get; }

    /// <summary>Whether the node can be asked at once with a key that was not tried.</summary>
    internal bool IsFresh(TriedNodes? tried)
    {
        foreach (var pair in Keys)
        {
            if (IsFresh(pair, tried))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Of the keys that can be used at once, the one whose last turn is longest ago; <see langword="null"/> when there is none, as when another request
    /// has just put the last one to cool down.
    /// </summary>
    internal NodeKey? NextFresh(TriedNodes? tried)
    {
        if (Keys.Length > 1)
        {
            return NextInTurn(tried);
        }

        return IsFresh(Keys[0], tried) ? Keys[0] : null;
    }

    /// <summary>The URL of a path on this node. The last one is remembered: most routes have one path.</summary>
    internal Uri UriOf(string pathAndQuery)
    {
        var last = _lastTarget;
        if (last is null || !ReferenceEquals(last.PathAndQuery, pathAndQuery))
        {
            // The path goes out as the client or the route wrote it: no second round of (un)escaping.
            var uri = new Uri(_base + pathAndQuery, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
            _lastTarget = last = new Target(pathAndQuery, uri);
        }

        return last.Uri;
    }

    private NodeKey? NextInTurn(TriedNodes? tried)
    {
        lock (_lock)
        {
            var next = Keys.Where(pair => IsFresh(pair, tried)).MinBy(pair => pair.LastTurn);
            next?.LastTurn = ++_turn;
            return next;
        }
    }

    private static bool IsFresh(NodeKey pair, TriedNodes? tried) => !pair.IsCoolingDown && tried?.Contains(pair) != true;

    private sealed record Target(string PathAndQuery, Uri Uri);
}
