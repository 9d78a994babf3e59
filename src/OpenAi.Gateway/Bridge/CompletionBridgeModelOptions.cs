namespace OpenAi.Gateway;

/// <summary>The chat model that answers for a legacy one, and what it needs beside the client's own fields.</summary>
public sealed class CompletionBridgeModelOptions
{
    /// <summary>The chat model that the upstream is asked for. Required.</summary>
    public string Model { get; set; } = "";

    /// <summary>The name that a client asks for, where a key of configuration cannot hold it because it has a colon.</summary>
    /// <value>The default is <see langword="null"/>: the key in <see cref="CompletionBridgeOptions.Models"/>.</value>
    public string? Name { get; set; }

    /// <summary>A system message in front of every prompt, such as "Continue the text.".</summary>
    /// <value>The default is <see langword="null"/>: the prompt stands alone.</value>
    public string? SystemMessage { get; set; }

    /// <summary>
    /// Fields of the chat request that are set, whatever the client sent. A value is JSON text (<c>0.5</c>, <c>true</c>, <c>{"a": 1}</c>); one
    /// that is no JSON is a string, so that <c>reasoning_effort</c> can be <c>low</c> as well as <c>"low"</c>.
    /// </summary>
    public IDictionary<string, string> Set { get; } = new Dictionary<string, string>();

    /// <summary>Fields that the chat request does not get, such as <c>temperature</c> for models that refuse it.</summary>
    public IList<string> Drop { get; } = [];
}
