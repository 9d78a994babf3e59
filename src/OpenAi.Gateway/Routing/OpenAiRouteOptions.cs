using System.ComponentModel.DataAnnotations;

namespace OpenAi.Gateway;

/// <summary>
/// One route in configuration. Beside these members it may have the sections <c>BridgeCompletions</c>, <c>BasicAuthConsumers</c>, <c>Models</c>,
/// <c>ProxyCache</c>, and <c>LimitCount</c>, <c>LimitTokens</c>, <c>LimitConcurrency</c> and <c>Budget</c>, each with one limit or a list of them.
/// </summary>
public sealed class OpenAiRouteOptions
{
    /// <summary>The route's pattern, for example <c>/openai/product/desc</c>. Required.</summary>
    [Required(ErrorMessage = "Pattern is missing. Give the route's pattern, for example \"/openai/product/desc\".")]
    public string Pattern { get; set; } = "";

    /// <summary>The name of an upstream. Required.</summary>
    [Required(ErrorMessage = "Upstream is missing. Give the name of an upstream that was added with AddOpenAiUpstream.")]
    public string Upstream { get; set; } = "";

    /// <summary>The HTTP methods.</summary>
    /// <value>The default is <c>POST</c>.</value>
    public IList<string> Methods { get; } = [];

    /// <summary>The hosts that the route answers for, as in <c>RequireHost</c>.</summary>
    /// <value>The default is empty: all hosts.</value>
    public IList<string> Hosts { get; } = [];

    /// <summary>The path that the upstream sees, as in <see cref="OpenAiRouteBuilder.RewritePath"/>.</summary>
    /// <value>The default is <see langword="null"/>: the request's own path.</value>
    public string? RewritePath { get; set; }

    /// <summary>Headers of the upstream request that are set, whatever the client sent.</summary>
    public IDictionary<string, string> SetHeaders { get; } = new Dictionary<string, string>();

    /// <summary>Header values that are added to the upstream request, beside what the client sent.</summary>
    public IDictionary<string, string> AddHeaders { get; } = new Dictionary<string, string>();

    /// <summary>Headers of the client's request that the upstream does not get.</summary>
    public IList<string> RemoveHeaders { get; } = [];

    /// <summary>The time to the answer's first byte, over all attempts and the pauses between them.</summary>
    /// <value>The default is <see langword="null"/>: the upstream's <see cref="OpenAiUpstreamOptions.Timeout"/>.</value>
    public TimeSpan? Timeout { get; set; }

    /// <summary>How often a failed call is tried again; 0 turns retries off.</summary>
    /// <value>The default is <see langword="null"/>: the upstream's <see cref="OpenAiUpstreamOptions.Retries"/>.</value>
    public int? Retries { get; set; }

    /// <summary>The largest request body, in bytes; a larger one is answered 413.</summary>
    /// <value>The default is <see langword="null"/>: the server's own limit (Kestrel: 30,000,000 bytes).</value>
    public long? MaxRequestBodySize { get; set; }

    /// <summary>The endpoint's name, as in <c>WithName</c>.</summary>
    /// <value>The default is <see langword="null"/>: no name.</value>
    public string? Name { get; set; }
}
