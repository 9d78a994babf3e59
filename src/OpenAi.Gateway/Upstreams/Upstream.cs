using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>An upstream as it is now: immutable, so that a request in flight keeps its own while the configuration changes.</summary>
internal sealed class Upstream
{
    private readonly UpstreamNode[] _inUse;
    private readonly UpstreamSelector _selector;

    public Upstream(string name, OpenAiUpstreamOptions options, HttpMessageInvoker invoker, TimeProvider time)
    {
        Name = name;
        Options = options;
        Invoker = invoker;
        SendsAuthorization = options.ApiKeyHeader.Equals("Authorization", StringComparison.OrdinalIgnoreCase);
        _selector = options.Selector ?? new SmoothRoundRobinSelector();
        _inUse =
        [
            .. options.Nodes.Where(node => node.Weight > 0).Select(node => new UpstreamNode(node, CredentialOf(node.ApiKey ?? options.ApiKey), time)),
        ];
        Retries = options.Retries ?? Math.Max(0, _inUse.Length - 1);
    }

    public string Name { get; }

    public OpenAiUpstreamOptions Options { get; }

    public HttpMessageInvoker Invoker { get; }

    public int Retries { get; }

    private bool SendsAuthorization { get; }

    /// <summary>
    /// The node for the next attempt: one that is neither cooling down nor tried already, else one not tried, else any. So the last node
    /// is never left out.
    /// </summary>
    public UpstreamNode? Pick(HttpContext context, List<UpstreamNode>? tried)
    {
        if (_inUse.Length == 0)
        {
            return null;
        }

        if (_inUse.Length == 1)
        {
            return _selector.Select(context, _inUse);
        }

        var candidates = tried is null && !Array.Exists(_inUse, node => node.IsCoolingDown)
            ? _inUse
            : Array.FindAll(_inUse, node => !node.IsCoolingDown && tried?.Contains(node) != true);
        if (candidates.Length > 0)
        {
            return _selector.Select(context, candidates);
        }

        var untried = Array.FindAll(_inUse, node => tried?.Contains(node) != true);
        return (untried.Length > 0 ? untried : _inUse).MinBy(node => node.CooldownLeft);
    }

    /// <summary>Whether a retry can go to a node that has not been tried and is not cooling down.</summary>
    public bool HasFreshNode(List<UpstreamNode> tried) => Array.Exists(_inUse, node => !node.IsCoolingDown && !tried.Contains(node));

    private string? CredentialOf(string? key) => key is null || !SendsAuthorization ? key?.Trim() : HeaderRule.WithScheme(key);
}
