using System.Net;
using System.Text;

namespace OpenAi.Gateway;

/// <summary>Makes the HTTP handler of an upstream, and says whether a changed configuration can go on with the one it has.</summary>
internal static class UpstreamHandlerFactory
{
    public static HttpMessageInvoker Create(OpenAiUpstreamOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            // A redirect would carry the key to another host; cookies would mix consumers; bytes go through as they are.
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,

            // As the server has read them. By default a header with an umlaut cannot be sent, which would look like a fault of the node.
            RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
            ConnectTimeout = options.ConnectTimeout,
            PooledConnectionIdleTimeout = options.PooledConnectionIdleTimeout,
            PooledConnectionLifetime = options.PooledConnectionLifetime,
            MaxConnectionsPerServer = options.MaxConnectionsPerNode ?? int.MaxValue,
            EnableMultipleHttp2Connections = true,

            // Finds a dead HTTP/2 connection while a model thinks.
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,

            // Disposing an unfinished answer closes it at once: a drained one would go on generating, and billing.
            MaxResponseDrainSize = 0,
        };
        options.HandlerConfiguration?.Invoke(handler);
        return new HttpMessageInvoker(handler);
    }

    public static bool CanReuse(OpenAiUpstreamOptions before, OpenAiUpstreamOptions now) => Settings(before) == Settings(now);

    private static (TimeSpan, TimeSpan, TimeSpan, int?, Delegate?) Settings(OpenAiUpstreamOptions options) => (
        options.ConnectTimeout,
        options.PooledConnectionIdleTimeout,
        options.PooledConnectionLifetime,
        options.MaxConnectionsPerNode,
        options.HandlerConfiguration);
}
