namespace OpenAi.Gateway;

/// <summary>A node with one of the keys that it takes: what one attempt asks. A rate limit lets this pair alone cool down.</summary>
internal sealed class NodeKey(UpstreamNode node, UpstreamKey key, TimeProvider time)
{
    public UpstreamNode Node => node;

    public UpstreamKey Key => key;

    public Cooldown Cooldown { get; } = new(time);

    /// <summary>When the node took this key last, counted in its calls.</summary>
    public long LastTurn { get; set; }

    public TimeSpan CooldownLeft => Longest(Cooldown.Left, key.Cooldown.Left, node.Cooldown.Left);

    /// <summary>Before that time the upstream does not want to be asked again.</summary>
    public TimeSpan AskedLeft => Longest(Cooldown.AskedLeft, key.Cooldown.AskedLeft, node.Cooldown.AskedLeft);

    public bool IsCoolingDown => CooldownLeft > TimeSpan.Zero;

    /// <summary>Notes an answer that is no failure of node or key.</summary>
    public void Succeeded()
    {
        Cooldown.End();
        node.Cooldown.End();
    }

    private static TimeSpan Longest(TimeSpan one, TimeSpan other, TimeSpan third)
    {
        var longer = one > other ? one : other;
        return longer > third ? longer : third;
    }
}
