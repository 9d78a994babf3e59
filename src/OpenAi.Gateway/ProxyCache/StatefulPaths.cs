using System.Collections.Frozen;

namespace OpenAi.Gateway;

/// <summary>
/// The paths of what an upstream keeps for its clients, such as files and threads. No answer about them is stored: they change, and whoever creates
/// one twice wants two.
/// </summary>
internal static class StatefulPaths
{
    private const string Chats = "/chat/completions";
    private const string Responses = "/responses/";
    private const string InputTokens = "/responses/input_tokens"; // Only counts the tokens of a question, and keeps nothing.

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Names = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "assistants", "batches", "chatkit", "containers", "conversations", "evals", "files", "fine_tuning", "organization", "realtime", "skills",
        "threads", "uploads", "vector_stores", "videos").GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Whether a request is about something of that kind: a list, one of them, or a part of one.</summary>
    public static bool Match(GatewayRequest request) => request is { Route: not null, Operation: ModelOperation.Other } && Match(request.UpstreamPath);

    private static bool Match(string pathAndQuery)
    {
        var path = ModelOperations.PathOf(pathAndQuery);
        foreach (var segment in path.Split('/'))
        {
            if (Names.Contains(path[segment]))
            {
                return true;
            }
        }

        // The chats that the upstream has stored, or one of them, or a response by its identifier.
        return path.Contains(Chats, StringComparison.OrdinalIgnoreCase)
            || (path.Contains(Responses, StringComparison.OrdinalIgnoreCase) && !path.EndsWith(InputTokens, StringComparison.OrdinalIgnoreCase));
    }
}
