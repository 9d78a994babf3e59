using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>Chooses the node for a call. One selector belongs to one upstream; it is called by many requests at once.</summary>
public abstract class UpstreamSelector
{
    /// <summary>Chooses one of <paramref name="candidates"/>.</summary>
    /// <param name="context">The request.</param>
    /// <param name="candidates">
    /// The nodes that may be asked: their weight is above zero, they are not cooling down and were not tried for this request. When there are none, the
    /// selector is called with each node alone, to learn whether the request may go there. Never empty.
    /// </param>
    /// <returns>The node, or <see langword="null"/> when the request may go to none of them: without another it is answered with 503.</returns>
    public abstract UpstreamNode? Select(HttpContext context, IReadOnlyList<UpstreamNode> candidates);
}
