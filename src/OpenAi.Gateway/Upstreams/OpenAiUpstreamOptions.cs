using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace OpenAi.Gateway;

/// <summary>A named group of nodes that speak OpenAI's API, and how to call them.</summary>
public sealed class OpenAiUpstreamOptions
{
    /// <summary>The nodes. At least one is required; calls are spread over them by weight.</summary>
    [ValidateEnumeratedItems]
    public IList<OpenAiUpstreamNodeOptions> Nodes { get; } = [];

    /// <summary>
    /// The provider's key. Sent as <c>Bearer</c> when it has no scheme of its own. Leave it alone when the upstream needs none;
    /// assigning an empty or missing value stops the app at start-up.
    /// </summary>
    /// <value>The default is <see langword="null"/>: no key is sent.</value>
    public string? ApiKey
    {
        get;
        set
        {
            field = value;
            IsApiKeyAssigned = true;
        }
    }

    /// <summary>
    /// More keys, used in turn beside <see cref="ApiKey"/>. One that meets its rate limit, has spent its quota or is refused cools down, and the
    /// calls go on with the others.
    /// </summary>
    public IList<string> ApiKeys { get; } = [];

    /// <summary>The header that carries the key. Azure OpenAI wants <c>api-key</c>, which carries it without a scheme.</summary>
    /// <value>The default is <c>Authorization</c>.</value>
    [Required(ErrorMessage = "ApiKeyHeader is empty. Use \"Authorization\", or \"api-key\" for Azure OpenAI.")]
    public string ApiKeyHeader { get; set; } = "Authorization";

    /// <summary>Which <c>Host</c> header, and TLS server name, the upstream sees.</summary>
    /// <value>The default is <see cref="PassHost.Node"/>.</value>
    [EnumDataType(typeof(PassHost), ErrorMessage = "PassHost must be Node, Pass or Rewrite.")]
    public PassHost PassHost { get; set; }

    /// <summary>The host that <see cref="PassHost.Rewrite"/> sends, for which it is required; with a port if needed.</summary>
    /// <value>The default is <see langword="null"/>.</value>
    public string? UpstreamHost { get; set; }

    /// <summary>
    /// How often a failed call is tried again at this upstream, only while nothing has been sent to the client. Its <see cref="Fallbacks"/>
    /// come on top.
    /// </summary>
    /// <value>The default is <see langword="null"/>: once for each other node and key.</value>
    [Between(0, 100, ErrorMessage = "Retries must be between 0 and 100.")]
    public int? Retries { get; set; }

    /// <summary>The longest pause before a retry; an upstream that asks for a longer one gets no retry.</summary>
    /// <value>The default is 5 seconds.</value>
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The most retries in a minute, in percent of the calls that begin at this upstream; those at its <see cref="Fallbacks"/> count too. Ten
    /// are always free. At 100 there is no bound.
    /// </summary>
    /// <value>The default is 10.</value>
    [Between(0, 100, ErrorMessage = "RetryBudget must be between 0 and 100 percent.")]
    public int RetryBudget { get; set; } = 10;

    /// <summary>
    /// The upstreams that are asked, in this order, when this one fails: no connection, no answer in time, 429 or 5xx, or all of it cooling
    /// down. The fallbacks of a fallback are not followed.
    /// </summary>
    [ValidateEnumeratedItems]
    public IList<OpenAiFallbackOptions> Fallbacks { get; } = [];

    /// <summary>
    /// How long a node is avoided after a failure or 5xx, and a key on a node after 429, when the upstream does not say how long. The last
    /// one is never left out.
    /// </summary>
    /// <value>The default is 10 seconds.</value>
    public TimeSpan Cooldown { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a key is avoided when its quota is spent, unless a <c>Retry-After</c> says otherwise, or when the provider refuses it.
    /// </summary>
    /// <value>The default is 5 minutes.</value>
    public TimeSpan QuotaCooldown { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The longest time for a TCP and TLS connection.</summary>
    /// <value>The default is 15 seconds.</value>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The longest time from sending one attempt to the headers of its answer.</summary>
    /// <value>The default is 5 minutes: a model may think that long before it answers.</value>
    public TimeSpan FirstByteTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The longest silence between two pieces of an answer.</summary>
    /// <value>The default is 100 seconds.</value>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(100);

    /// <summary>The deadline for the answer's headers over all attempts and the pauses between them.</summary>
    /// <value>The default is 10 minutes.</value>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>The largest request body that is held in memory, in bytes. A larger one is streamed: it is neither retried nor cached.</summary>
    /// <value>The default is 1 MiB.</value>
    [Between(0, 1 << 30, ErrorMessage = "MaxBufferedBody must be between 0 and 1073741824 bytes.")]
    public int MaxBufferedBody { get; set; } = RequestBody.DefaultMaxBuffered;

    /// <summary>
    /// Whether the gateway may ask for the usage at the end of a stream (<c>stream_options.include_usage</c>) in the place of a client that did not,
    /// so that its tokens are counted rather than estimated. The client does not see it. Turn it off for a server that refuses the field.
    /// </summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool AsksForUsage { get; set; } = true;

    /// <summary>
    /// The field in which the gateway bounds a chat's answer: with <see cref="WhenMaxUnknown.InjectCap"/> or <c>MaxOutputTokens</c>, and for a bridged request.
    /// A server that knows only the older <c>max_tokens</c> ignores or refuses the other one; with that set here, a maximum that a client wrote in the newer
    /// field is moved where a policy relies on it.
    /// </summary>
    /// <value>The default is <c>max_completion_tokens</c>; the other one is <c>max_tokens</c>.</value>
    [AllowedValues(ModelFields.MaxCompletionTokens, ModelFields.MaxTokens, ErrorMessage = "ChatMaxTokensField must be max_completion_tokens or max_tokens.")]
    public string ChatMaxTokensField { get; set; } = ModelFields.MaxCompletionTokens;

    /// <summary>The HTTP version to ask for over TLS; the node may choose a lower one. Plain HTTP is always 1.1.</summary>
    /// <value>The default is 2.0.</value>
    public Version HttpVersion { get; set; } = System.Net.HttpVersion.Version20;

    /// <summary>The most connections to one node.</summary>
    /// <value>The default is <see langword="null"/>: no limit.</value>
    [Between(1, int.MaxValue, ErrorMessage = "MaxConnectionsPerNode must be at least 1.")]
    public int? MaxConnectionsPerNode { get; set; }

    /// <summary>How long an unused connection is kept.</summary>
    /// <value>The default is 60 seconds.</value>
    public TimeSpan PooledConnectionIdleTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long any connection is used; the next one looks the host name up in DNS again.</summary>
    /// <value>The default is 5 minutes.</value>
    public TimeSpan PooledConnectionLifetime { get; set; } = TimeSpan.FromMinutes(5);

    // A field: the configuration binder must not try to make one.
    internal UpstreamSelector? Selector;

    internal bool IsApiKeyAssigned { get; private set; }

    internal Action<SocketsHttpHandler>? HandlerConfiguration { get; private set; }

    /// <summary>Adds a node.</summary>
    /// <param name="address">Scheme, host, port and base path, for example <c>https://api.openai.com</c>; routes bring the <c>/v1</c>.</param>
    /// <param name="weight">The node's share of the calls, relative to the others'.</param>
    /// <param name="apiKey">The node's own key, or <see langword="null"/> for the upstream's.</param>
    /// <returns>These options.</returns>
    public OpenAiUpstreamOptions AddNode(string address, int weight = 1, string? apiKey = null)
    {
        Nodes.Add(new OpenAiUpstreamNodeOptions { Address = address, Weight = weight, ApiKey = apiKey });
        return this;
    }

    /// <summary>Adds an upstream that is asked when this one, and those added before, fail.</summary>
    /// <param name="upstream">Its name, as given to <c>AddOpenAiUpstream</c>.</param>
    /// <param name="configure">Says what models are called there: <c>fallback =&gt; fallback.Models["gpt-4.1"] = "my-deployment"</c>.</param>
    /// <returns>These options.</returns>
    public OpenAiUpstreamOptions FallbackTo(string upstream, Action<OpenAiFallbackOptions>? configure = null)
    {
        var fallback = new OpenAiFallbackOptions { Upstream = upstream };
        configure?.Invoke(fallback);
        Fallbacks.Add(fallback);
        return this;
    }

    /// <summary>Chooses nodes in another way than the smooth weighted round robin.</summary>
    /// <param name="selector">The selector; it belongs to this upstream alone.</param>
    /// <returns>These options.</returns>
    public OpenAiUpstreamOptions UseSelector(UpstreamSelector selector)
    {
        ArgumentNullException.ThrowIfNull(selector);
        Selector = selector;
        return this;
    }

    /// <summary>Changes the HTTP handler before its first use: a proxy, client certificates, a private certificate authority.</summary>
    /// <param name="configure">Gets the handler with the gateway's settings.</param>
    /// <returns>These options.</returns>
    public OpenAiUpstreamOptions ConfigureHandler(Action<SocketsHttpHandler> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        HandlerConfiguration += configure;
        return this;
    }
}
