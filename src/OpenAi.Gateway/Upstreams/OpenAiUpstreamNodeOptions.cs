using System.ComponentModel.DataAnnotations;

namespace OpenAi.Gateway;

/// <summary>One address that an upstream's calls go to.</summary>
public sealed class OpenAiUpstreamNodeOptions
{
    /// <summary>Scheme, host, port and base path, for example <c>https://api.openai.com</c>. Required.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "Address is empty. Give the node's URL, for example \"https://api.openai.com\".")]
    public string Address { get; set; } = "";

    /// <summary>The node's share of the calls, relative to the others'; 0 takes it out of use.</summary>
    /// <value>The default is 1.</value>
    [Between(0, 1_000_000, ErrorMessage = "Weight must be between 0 and 1000000.")]
    public int Weight { get; set; } = 1;

    /// <summary>The node's own key, in place of the upstream's <see cref="OpenAiUpstreamOptions.ApiKey"/>.</summary>
    /// <value>The default is <see langword="null"/>: the upstream's key.</value>
    public string? ApiKey { get; set; }
}
