namespace OpenAi.Gateway;

/// <summary>What the gateway knows of OpenAI's operations.</summary>
internal static class ModelOperations
{
    /// <summary>The operation of an upstream path; its query does not matter.</summary>
    public static ModelOperation Of(string pathAndQuery)
    {
        var query = pathAndQuery.IndexOf('?', StringComparison.Ordinal);
        var path = pathAndQuery.AsSpan(0, query < 0 ? pathAndQuery.Length : query);
        return OfPath(path.Contains('%') || path.Contains("//", StringComparison.Ordinal) ? Plain(path.ToString()) : path);
    }

    /// <summary>Whether a stream tells its usage only when <c>stream_options.include_usage</c> asks for it.</summary>
    public static bool TellsUsageOnRequest(this ModelOperation operation) =>
        operation is ModelOperation.Completions or ModelOperation.ChatCompletions;

    /// <summary>Whether the last event of a stream is <c>[DONE]</c>. That of the responses API has a name, and others have none.</summary>
    public static bool EndsWithDone(this ModelOperation operation) =>
        operation is ModelOperation.Completions or ModelOperation.ChatCompletions;

    /// <summary>The field that bounds the answer's tokens; <see langword="null"/> for an operation that has none.</summary>
    public static string? MaxTokensField(this ModelOperation operation) => operation switch
    {
        ModelOperation.ChatCompletions => "max_completion_tokens",
        ModelOperation.Completions => "max_tokens",
        ModelOperation.Responses => "max_output_tokens",
        _ => null,
    };

    /// <summary>A path without escapes and doubled slashes.</summary>
    public static string Plain(string path)
    {
        path = Uri.UnescapeDataString(path);
        while (path.Contains("//", StringComparison.Ordinal))
        {
            path = path.Replace("//", "/", StringComparison.Ordinal);
        }

        return path;
    }

    private static ModelOperation OfPath(ReadOnlySpan<char> path) => path.TrimEnd('/') switch
    {
        var known when Ends(known, "/chat/completions") => ModelOperation.ChatCompletions,
        var known when Ends(known, "/completions") => ModelOperation.Completions,
        var known when Ends(known, "/responses") => ModelOperation.Responses,
        var known when Ends(known, "/embeddings") => ModelOperation.Embeddings,
        _ => ModelOperation.Other,
    };

    // Many servers find their way whatever the case, the escapes and the slashes are: nobody shall get past a limit by writing a path oddly.
    private static bool Ends(ReadOnlySpan<char> path, string end) => path.EndsWith(end, StringComparison.OrdinalIgnoreCase);
}
