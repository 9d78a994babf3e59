using System.ComponentModel.DataAnnotations;

namespace OpenAi.Gateway;

/// <summary>How calls of the legacy endpoint <c>/v1/completions</c> are answered by a chat model.</summary>
public sealed class CompletionBridgeOptions
{
    /// <summary>The models by the name that a client asks for, such as <c>text-davinci-003</c>; letter case matters.</summary>
    public IDictionary<string, CompletionBridgeModelOptions> Models { get; } = new Dictionary<string, CompletionBridgeModelOptions>();

    /// <summary>The chat model for names that are not in <see cref="Models"/>.</summary>
    /// <value>The default is <see langword="null"/>: the upstream is asked for the name that the client gave.</value>
    public string? DefaultModel { get; set; }

    /// <summary>The path that the upstream sees, in place of the client's.</summary>
    /// <value>The default is <c>/v1/chat/completions</c>.</value>
    [Required(ErrorMessage = "Path is empty. Give the chat endpoint's path, for example \"/v1/chat/completions\", or leave it out.")]
    public string Path { get; set; } = "/v1/chat/completions";

    /// <summary>The header of the answer that says which model the upstream was asked for; the body names the one the client asked for.</summary>
    /// <value>The default is <c>X-Upstream-Model</c>; <see langword="null"/> sends none.</value>
    public string? ModelHeader { get; set; } = "X-Upstream-Model";

    /// <summary>The most prompts in one request, since each is an upstream call of its own; more are answered 400.</summary>
    /// <value>The default is 20.</value>
    [Between(1, 1000, ErrorMessage = "MaxPrompts must be between 1 and 1000: each prompt of a request is an upstream call of its own.")]
    public int MaxPrompts { get; set; } = 20;

    /// <summary>Answers a model's name by a chat model.</summary>
    /// <param name="name">The name that a client asks for.</param>
    /// <param name="model">The chat model that the upstream is asked for.</param>
    /// <param name="configure">Sets more, such as a system message.</param>
    /// <returns>These options.</returns>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public CompletionBridgeOptions Map(string name, string model, Action<CompletionBridgeModelOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var options = new CompletionBridgeModelOptions { Model = model };
        configure?.Invoke(options);
        Models[name] = options;
        return this;
    }
}
