namespace OpenAi.Gateway;

/// <summary>
/// Which models may be asked for, under which names, and how much. Policies of app, group and route add up: a request must satisfy all of them.
/// </summary>
public sealed class ModelsOptions
{
    /// <summary>
    /// Other names for models: the upstream is asked for the value when a client asks for the key. The answer then carries the header
    /// <c>X-Upstream-Model</c>. A key may also stand where a path names a model, as Azure's deployments do. Policies of app, group and route are applied
    /// one after the other.
    /// </summary>
    public IDictionary<string, string> Aliases { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>
    /// The models that clients may ask for, by the names that clients use: an alias counts under its own name. <c>*</c> at the end stands for
    /// whatever follows.
    /// </summary>
    /// <value>The default is <see langword="null"/>: all.</value>
    public IList<string>? AllowedModels { get; set; }

    /// <summary>The most tokens of one answer. A request that asks for more is refused; one that names no maximum gets this one.</summary>
    /// <value>The default is <see langword="null"/>: no maximum.</value>
    [Between(1, int.MaxValue, ErrorMessage = "MaxOutputTokens must be at least 1. Leave it out for no maximum.")]
    public long? MaxOutputTokens { get; set; }

    /// <summary>How deeply a request's JSON may be nested.</summary>
    /// <value>The default is 64.</value>
    [Between(2, 1000, ErrorMessage = "MaxJsonDepth must be between 2 and 1000.")]
    public int MaxJsonDepth { get; set; } = 64;
}
