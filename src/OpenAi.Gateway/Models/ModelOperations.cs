using System.Buffers;

namespace OpenAi.Gateway;

/// <summary>What the gateway knows of OpenAI's operations.</summary>
internal static class ModelOperations
{
    // Control characters and all that one reader or another takes for white space.
    private static readonly char[] Blank = [.. Enumerable.Range(0, 0xA1).Select(code => (char)code).Where(one => char.IsControl(one) || char.IsWhiteSpace(one))];

    private static readonly SearchValues<char> OddCharacters = SearchValues.Create("%;#\\");

    /// <summary>The operation of an upstream path; its query does not matter.</summary>
    public static ModelOperation Of(string pathAndQuery)
    {
        var path = PathOf(pathAndQuery);
        return OfPath(path.ContainsAny(OddCharacters) || path.Contains("//", StringComparison.Ordinal) ? Plain(path.ToString()) : path);
    }

    /// <summary>An upstream path without its query.</summary>
    public static ReadOnlySpan<char> PathOf(string pathAndQuery)
    {
        var query = pathAndQuery.IndexOf('?', StringComparison.Ordinal);
        return pathAndQuery.AsSpan(0, query < 0 ? pathAndQuery.Length : query);
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
        ModelOperation.ChatCompletions => ModelFields.MaxCompletionTokens,
        ModelOperation.Completions => ModelFields.MaxTokens,
        ModelOperation.Responses => "max_output_tokens",
        _ => null,
    };

    /// <summary>
    /// Whether a field says how many tokens the answer may have. Of a chat's two some servers read the one and some the other, so that the larger one decides;
    /// another operation's field says nothing.
    /// </summary>
    public static bool DeclaresMaximum(this ModelOperation operation, ModelField field) => operation switch
    {
        ModelOperation.ChatCompletions => field is ModelField.MaxCompletionTokens or ModelField.MaxTokens,
        ModelOperation.Completions => field == ModelField.MaxTokens,
        ModelOperation.Responses => field == ModelField.MaxOutputTokens,
        _ => false,
    };

    /// <summary>A path as the most obliging server would read it: without empty segments, and with dots resolved.</summary>
    public static string Plain(string path)
    {
        var segments = new List<string>();
        foreach (var segment in SegmentsOf(path))
        {
            if (segment == ".." && segments.Count > 0)
            {
                segments.RemoveAt(segments.Count - 1);
            }
            else if (segment is not ("" or "." or ".."))
            {
                segments.Add(segment);
            }
        }

        return "/" + string.Join('/', segments);
    }

    /// <summary>
    /// The segments of a path as the most obliging server would read them: unescaped twice, split at backslashes as well as slashes, and each without
    /// its parameters and the white space around it.
    /// </summary>
    public static IEnumerable<string> SegmentsOf(string path)
    {
        foreach (var segment in Uri.UnescapeDataString(Uri.UnescapeDataString(path)).Split('/', '\\'))
        {
            var end = segment.AsSpan().IndexOfAny(';', '?', '#');
            yield return (end < 0 ? segment : segment[..end]).Trim(Blank);
        }
    }

    private static ModelOperation OfPath(ReadOnlySpan<char> path) => path.TrimEnd('/') switch
    {
        var known when Ends(known, "/chat/completions") => ModelOperation.ChatCompletions,
        var known when Ends(known, "/completions") => ModelOperation.Completions,
        var known when Ends(known, "/responses") => ModelOperation.Responses,
        var known when Ends(known, "/responses/compact") => ModelOperation.Compaction,
        var known when Ends(known, "/embeddings") => ModelOperation.Embeddings,
        _ => ModelOperation.Other,
    };

    // Many servers find their way whatever the case of the letters, the escapes and the slashes are: to write a path oddly must not get past a limit.
    private static bool Ends(ReadOnlySpan<char> path, string end) => path.EndsWith(end, StringComparison.OrdinalIgnoreCase);
}
