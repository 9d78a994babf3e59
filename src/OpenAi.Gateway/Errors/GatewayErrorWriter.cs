using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>
/// Writes the gateway's own errors. The default speaks OpenAI's envelope, since the callers are OpenAI SDKs. Register another one as a
/// singleton to answer in another form.
/// </summary>
public abstract class GatewayErrorWriter
{
    /// <summary>Writes <paramref name="error"/> as the whole response. Called only while nothing has been sent.</summary>
    /// <param name="context">The request. Headers such as <c>WWW-Authenticate</c> or <c>X-RateLimit-Limit</c> are already set.</param>
    /// <param name="error">What to say.</param>
    /// <returns>A task that ends when the response is written.</returns>
    public abstract Task WriteAsync(HttpContext context, GatewayError error);
}
