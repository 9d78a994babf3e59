namespace OpenAi.Gateway;

/// <summary>A node with one of the keys that it takes: what one attempt asks. A rate limit lets this pair rest alone.</summary>
internal sealed class NodeKey(UpstreamNode node, UpstreamKey key, TimeProvider time)
{
    public UpstreamNode Node => node;

    public UpstreamKey Key => key;

    public Rest Rest { get; } = new(time);

    /// <summary>When the node took this key last, counted in its calls.</summary>
    public long LastTurn { get; set; }

    public TimeSpan RestLeft => Longest(Rest.Left, key.Rest.Left, node.Rest.Left);

    /// <summary>Before that time the upstream does not want to be asked again.</summary>
    public TimeSpan AskedLeft => Longest(Rest.AskedLeft, key.Rest.AskedLeft, node.Rest.AskedLeft);

    public bool IsResting => RestLeft > TimeSpan.Zero;

    /// <summary>Notes an answer that is no failure of node or key.</summary>
    public void Succeeded()
    {
        Rest.End();
        node.Rest.End();
    }

    private static TimeSpan Longest(TimeSpan one, TimeSpan other, TimeSpan third)
    {
        var longer = one > other ? one : other;
        return longer > third ? longer : third;
    }
}
