using System.Collections.Concurrent;

namespace OpenAi.Gateway;

/// <summary>
/// The app's policies that a request has passed on its way to the endpoint, in order. One object for each distinct list, so that adding a
/// policy to a request allocates nothing and an endpoint can look its stages up by reference.
/// </summary>
internal sealed class PolicyScope(IReadOnlyList<GatewayPolicy> policies)
{
    private readonly ConcurrentDictionary<GatewayPolicy, PolicyScope> _wider = new();

    public IReadOnlyList<GatewayPolicy> Policies { get; } = policies;

    /// <summary>This scope and the policy; a request that passes the same place again, as error pages make it, gets nothing more.</summary>
    public PolicyScope With(GatewayPolicy policy) => _wider.GetOrAdd(
        policy, static (added, inner) => inner.Policies.Contains(added) ? inner : new PolicyScope([.. inner.Policies, added]), this);
}
