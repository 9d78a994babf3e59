namespace OpenAi.Gateway;

/// <summary>Answers that only tell how far some work has come, such as a response in the background: clients ask again until it is done.</summary>
internal static class UnfinishedWork
{
    private static readonly string[] Statuses =
        ["queued", "in_progress", "running", "validating", "validating_files", "finalizing", "cancelling", "requires_action"];

    private static readonly byte[][] Values = [.. Statuses.Select(status => JsonPiece.Quoted(status))];

    /// <summary>Whether a JSON answer is one of them.</summary>
    public static bool IsIn(ReadOnlySpan<byte> json)
    {
        var status = JsonSearch.MemberOf(json, "\"status\""u8);
        foreach (var value in Values)
        {
            if (status.SequenceEqual(value))
            {
                return true;
            }
        }

        return false;
    }
}
