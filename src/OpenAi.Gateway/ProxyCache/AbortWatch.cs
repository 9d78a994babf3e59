using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway;

/// <summary>Notices at once that an endpoint aborts its answer: the server cancels <see cref="RequestAborted"/> only later, on another thread.</summary>
internal class AbortWatch(IHttpRequestLifetimeFeature request) : IHttpRequestLifetimeFeature
{
    public bool WasAborted { get; private set; }

    public virtual CancellationToken RequestAborted
    {
        get => request.RequestAborted;
        set => request.RequestAborted = value;
    }

    /// <summary>The feature that it stands in for.</summary>
    public IHttpRequestLifetimeFeature Request => request;

    public void Abort()
    {
        WasAborted = true;
        request.Abort();
    }
}
