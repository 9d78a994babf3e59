namespace OpenAi.Gateway;

/// <summary>
/// What the gateway knows of a request: <c>context.Features.Get&lt;IOpenAiGatewayFeature&gt;()</c>. Like the <c>HttpContext</c> itself it is valid
/// during the request only: copy what you need of it later.
/// </summary>
public interface IOpenAiGatewayFeature
{
    /// <summary>The authenticated consumer, or <see langword="null"/>.</summary>
    Consumer? Consumer { get; }

    /// <summary>The OpenAI route that answers, or <see langword="null"/> on an ordinary endpoint.</summary>
    OpenAiRouteMetadata? Route { get; }

    /// <summary>The name of the upstream that was asked last, which may be a fallback, or <see langword="null"/> when none was.</summary>
    string? Upstream { get; }

    /// <summary>The upstream node that was asked last, or <see langword="null"/> when none was.</summary>
    UpstreamNode? Node { get; }

    /// <summary>How many times an upstream was asked for this request.</summary>
    int Attempts { get; }

    /// <summary>What the cache did, or <see langword="null"/> when no cache is in scope.</summary>
    CacheStatus? CacheStatus { get; }

    /// <summary>The error that the gateway itself answered, or <see langword="null"/>.</summary>
    GatewayError? Error { get; }
}
