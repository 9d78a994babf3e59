namespace OpenAi.Gateway;

/// <summary>What the gateway knows of OpenAI's operations.</summary>
internal static class ModelOperations
{
    /// <summary>The operation of an upstream path; its query does not matter.</summary>
    public static ModelOperation Of(string pathAndQuery)
    {
        var path = pathAndQuery.AsSpan();
        var query = path.IndexOf('?');
        path = (query < 0 ? path : path[..query]).TrimEnd('/');
        return path switch
        {
            _ when path.EndsWith("/chat/completions", StringComparison.Ordinal) => ModelOperation.ChatCompletions,
            _ when path.EndsWith("/completions", StringComparison.Ordinal) => ModelOperation.Completions,
            _ when path.EndsWith("/responses", StringComparison.Ordinal) => ModelOperation.Responses,
            _ when path.EndsWith("/embeddings", StringComparison.Ordinal) => ModelOperation.Embeddings,
            _ => ModelOperation.Other,
        };
    }

    /// <summary>Whether a stream tells its usage only when <c>stream_options.include_usage</c> asks for it.</summary>
    public static bool TellsUsageOnRequest(this ModelOperation operation) =>
        operation is ModelOperation.Completions or ModelOperation.ChatCompletions;

    /// <summary>The field that bounds the answer's tokens; <see langword="null"/> for an operation that has none.</summary>
    public static string? MaxTokensField(this ModelOperation operation) => operation switch
    {
        ModelOperation.ChatCompletions => "max_completion_tokens",
        ModelOperation.Completions => "max_tokens",
        ModelOperation.Responses => "max_output_tokens",
        _ => null,
    };
}
