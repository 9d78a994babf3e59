using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway;

/// <summary>Notices that an endpoint gives its answer up: the server cancels <see cref="RequestAborted"/> only later, on another thread.</summary>
internal class AbortWatch(IHttpRequestLifetimeFeature request) : IHttpRequestLifetimeFeature
{
    public bool WasAborted { get; private set; }

    public virtual CancellationToken RequestAborted
    {
        get => request.RequestAborted;
        set => request.RequestAborted = value;
    }

    /// <summary>What it watches.</summary>
    public IHttpRequestLifetimeFeature Request => request;

    public void Abort()
    {
        WasAborted = true;
        request.Abort();
    }
}
