using System.ComponentModel.DataAnnotations;

namespace OpenAi.Gateway;

/// <summary>An upstream that is asked when the one before it fails.</summary>
public sealed class OpenAiFallbackOptions
{
    /// <summary>The name of the other upstream, as given to <c>AddOpenAiUpstream</c>. Required.</summary>
    [Required(
        AllowEmptyStrings = false,
        ErrorMessage = "Upstream of one of the Fallbacks is empty. Name an upstream that was added with AddOpenAiUpstream.")]
    public string Upstream { get; set; } = "";

    /// <summary>What models are called there, by the name that the first upstream is asked for. A name that is not in it goes as it is.</summary>
    public IDictionary<string, string> Models { get; } = new Dictionary<string, string>(StringComparer.Ordinal);
}
