using System.ComponentModel.DataAnnotations;

namespace OpenAi.Gateway;

/// <summary>
/// One route in configuration. Beside these members it may have the sections <c>BasicAuthConsumers</c>, <c>LimitCount</c> (one limit, or a list of
/// them) and <c>ProxyCache</c>.
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

    /// <summary>See <see cref="OpenAiRouteBuilder.RewritePath"/>.</summary>
    public string? RewritePath { get; set; }

    /// <summary>See <see cref="OpenAiRouteBuilder.SetHeader"/>.</summary>
    public IDictionary<string, string> SetHeaders { get; } = new Dictionary<string, string>();

    /// <summary>See <see cref="OpenAiRouteBuilder.AddHeader"/>.</summary>
    public IDictionary<string, string> AddHeaders { get; } = new Dictionary<string, string>();

    /// <summary>See <see cref="OpenAiRouteBuilder.RemoveHeader"/>.</summary>
    public IList<string> RemoveHeaders { get; } = [];

    /// <summary>See <see cref="OpenAiRouteBuilder.WithTimeout"/>.</summary>
    public TimeSpan? Timeout { get; set; }

    /// <summary>See <see cref="OpenAiRouteBuilder.WithRetries"/>.</summary>
    public int? Retries { get; set; }

    /// <summary>See <see cref="OpenAiRouteBuilder.WithMaxRequestBodySize"/>; in bytes.</summary>
    public long? MaxRequestBodySize { get; set; }

    /// <summary>See <c>WithName</c>.</summary>
    public string? Name { get; set; }
}
