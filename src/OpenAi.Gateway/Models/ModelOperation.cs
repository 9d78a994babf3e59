namespace OpenAi.Gateway;

/// <summary>What a call asks a model for, told by the end of the upstream path.</summary>
public enum ModelOperation
{
    /// <summary>Anything that the gateway does not meter, such as <c>/v1/models</c>.</summary>
    Other,

    /// <summary><c>/completions</c>, the legacy endpoint.</summary>
    Completions,

    /// <summary><c>/chat/completions</c>.</summary>
    ChatCompletions,

    /// <summary><c>/responses</c>.</summary>
    Responses,

    /// <summary><c>/embeddings</c>.</summary>
    Embeddings,

    /// <summary><c>/responses/compact</c>, which shortens the input of further responses.</summary>
    Compaction,
}
