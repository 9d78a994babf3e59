using System.Collections.Frozen;

namespace OpenAi.Gateway;

/// <summary>
/// Knows by their paths the things that an upstream keeps for its clients, such as files and threads. They change, and who asks for one twice wants two.
/// </summary>
internal static class KeptThings
{
    private const string Chats = "/chat/completions";

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Names = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "assistants", "batches", "chatkit", "containers", "conversations", "evals", "files", "fine_tuning", "organization", "realtime", "skills",
        "threads", "uploads", "vector_stores", "videos").GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Whether a request is about such a thing: about those of a kind, or one of them, or what belongs to it.</summary>
    public static bool Concern(GatewayRequest request) => request is { Route: not null, Operation: ModelOperation.Other } && AreIn(request.UpstreamPath);

    private static bool AreIn(string pathAndQuery)
    {
        var query = pathAndQuery.IndexOf('?', StringComparison.Ordinal);
        var path = pathAndQuery.AsSpan(0, query < 0 ? pathAndQuery.Length : query);
        foreach (var segment in path.Split('/'))
        {
            if (Names.Contains(path[segment]))
            {
                return true;
            }
        }

        return path.Contains(Chats, StringComparison.OrdinalIgnoreCase); // Those that were stored, or one of them by its identifier.
    }
}
