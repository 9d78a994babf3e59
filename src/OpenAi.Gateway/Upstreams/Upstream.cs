using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>An upstream as it is now: immutable, so that a request in flight keeps its own while the configuration changes.</summary>
internal sealed class Upstream
{
    private readonly UpstreamNode[] _inUse;
    private readonly UpstreamSelector _selector;

    public Upstream(string name, OpenAiUpstreamOptions options, HttpMessageInvoker invoker, RetryBudget budget, TimeProvider time)
    {
        Name = name;
        Options = options;
        Invoker = invoker;
        Budget = budget;
        _selector = options.Selector ?? new SmoothRoundRobinSelector();

        // A key that several nodes take is one key: its quota is spent on all of them at once.
        var keys = new Dictionary<string, UpstreamKey>();
        var none = new UpstreamKey(null, 0, time);
        var isAuthorization = options.ApiKeyHeader.Equals("Authorization", StringComparison.OrdinalIgnoreCase);
        UpstreamKey KeyOf(string key)
        {
            var credential = isAuthorization ? HeaderRule.WithScheme(key) : key.Trim();
            if (!keys.TryGetValue(credential, out var known))
            {
                keys.Add(credential, known = new UpstreamKey(credential, keys.Count + 1, time));
            }

            return known;
        }

        UpstreamKey[] shared = [.. (options.ApiKey is null ? options.ApiKeys : options.ApiKeys.Prepend(options.ApiKey)).Select(KeyOf).Distinct()];
        _inUse =
        [
            .. options.Nodes.Where(node => node.Weight > 0).Select(node =>
                new UpstreamNode(node, node.ApiKey is not null ? [KeyOf(node.ApiKey)] : shared.Length > 0 ? shared : [none], time)),
        ];
        HasSeveralKeys = _inUse.SelectMany(node => node.Keys).Select(pair => pair.Key).Distinct().Skip(1).Any();
        HasModelMap = options.Fallbacks.Any(fallback => fallback.Models.Count > 0);
    }

    public string Name { get; }

    public OpenAiUpstreamOptions Options { get; }

    public HttpMessageInvoker Invoker { get; }

    /// <summary>What bounds the retries of the calls that begin here; it outlives changes of the configuration.</summary>
    public RetryBudget Budget { get; }

    public bool HasSeveralKeys { get; }

    /// <summary>Whether a fallback has another name for a model, so that the request's must be known.</summary>
    public bool HasModelMap { get; }

    /// <summary>
    /// A node and key that can be asked at once: neither cooling down nor tried already. <see langword="null"/> when there is none, or the
    /// selector wants none.
    /// </summary>
    public NodeKey? PickFresh(HttpContext context, TriedNodes? tried)
    {
        while (Candidates(tried) is { Length: > 0 } candidates)
        {
            if (_selector.Select(context, candidates) is not { } node)
            {
                return null;
            }

            // Another request may have begun its cooldown meanwhile; then it is no candidate any more.
            if (node.NextFresh(tried) is { } pair)
            {
                return pair;
            }

            // A selector of the app's that keeps to a node which it was not offered would be asked forever.
            if (!candidates.Contains(node))
            {
                return null;
            }
        }

        return null;
    }

    /// <summary>The node and key whose cooldown ends first, for a call that finds all that it may ask cooling down: the last one is never left out.</summary>
    public NodeKey? PickCoolingDown(HttpContext context) => PairsFor(context).MinBy(pair => pair.CooldownLeft);

    /// <summary>Every node with each of its keys.</summary>
    public IEnumerable<NodeKey> Pairs => _inUse.SelectMany(node => node.Keys);

    /// <summary>The same without the nodes that a selector of the app's does not choose for this request, although it is offered nothing else.</summary>
    public IEnumerable<NodeKey> PairsFor(HttpContext context) =>
        Options.Selector is null ? Pairs : _inUse.Where(node => _selector.Select(context, [node]) == node).SelectMany(node => node.Keys);

    private UpstreamNode[] Candidates(TriedNodes? tried)
    {
        foreach (var node in _inUse)
        {
            if (!node.IsFresh(tried))
            {
                return Fresh(tried);
            }
        }

        return _inUse;
    }

    // On its own, so that only a call that comes here makes the closure.
    private UpstreamNode[] Fresh(TriedNodes? tried) => Array.FindAll(_inUse, node => node.IsFresh(tried));
}
