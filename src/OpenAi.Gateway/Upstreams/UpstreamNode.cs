namespace OpenAi.Gateway;

/// <summary>One node of an upstream, as the selector sees it.</summary>
public sealed class UpstreamNode
{
    private readonly string _base;
    private readonly TimeProvider _time;
    private long _cooldownEnds;
    private Target? _lastTarget;

    internal UpstreamNode(OpenAiUpstreamNodeOptions options, string? credential, TimeProvider time)
    {
        Address = new Uri(options.Address);
        Weight = options.Weight;
        Credential = credential;
        _base = Address.GetLeftPart(UriPartial.Path).TrimEnd('/');
        _time = time;
    }

    /// <summary>Scheme, host, port and base path.</summary>
    public Uri Address { get; }

    /// <summary>The node's share of the calls, relative to the others'.</summary>
    public int Weight { get; }

    /// <summary>How long the node is still avoided after a failure; zero or less when it is not.</summary>
    public TimeSpan CooldownLeft => Volatile.Read(ref _cooldownEnds) is var ends and not 0
        ? TimeSpan.FromTicks(ends - _time.GetUtcNow().UtcTicks)
        : TimeSpan.Zero;

    /// <summary>The value of the key's header.</summary>
    internal string? Credential { get; }

    internal bool IsCoolingDown => CooldownLeft > TimeSpan.Zero;

    internal void Failed(TimeSpan cooldown) => Volatile.Write(ref _cooldownEnds, (_time.GetUtcNow() + cooldown).UtcTicks);

    internal void Succeeded()
    {
        if (Volatile.Read(ref _cooldownEnds) != 0)
        {
            Volatile.Write(ref _cooldownEnds, 0);
        }
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

    private sealed record Target(string PathAndQuery, Uri Uri);
}
