using System.Runtime.CompilerServices;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>
/// Reads an answer that is here as a whole by its two ends: what it tells of itself stands before the first of its lists or behind the last,
/// and between them the generated text, which is most of it.
/// </summary>
internal static class WholeAnswer
{
    // Behind the brace that opens the answer.
    private static readonly JsonReaderState InAnswer = Opened();

    /// <summary>
    /// Whether it was enough to read the ends. If not, the answer has to be read from its beginning; the reader knows nothing of it yet.
    /// </summary>
    // Not inlined: each step of the pump would have a JSON reader in its frame, which is large.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool TryRead(ReadOnlySpan<byte> json, AnswerReader answer)
    {
        if (json is not [(byte)'{', .. var members] || InBandError.MayBeIn(json))
        {
            return false;
        }

        try
        {
            // Before anything else is opened, every name is one of the answer's own.
            var beginning = members[..(members.IndexOfAny((byte)'{', (byte)'[') + 1)];
            ReadWord(beginning, "\"model\""u8, AnswerField.Model, answer);
            ReadWord(beginning, "\"service_tier\""u8, AnswerField.ServiceTier, answer);
            var end = EndOf(members[beginning.Length..], isModelWanted: answer.Model is null);
            if (!end.IsEmpty && TryReadEnd(end, answer))
            {
                return true;
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // The member that was found belongs to something inside the answer, or it is no JSON at all.
        }

        answer.Forget();
        return false;
    }

    private static void ReadWord(ReadOnlySpan<byte> members, ReadOnlySpan<byte> quotedName, AnswerField field, AnswerReader answer)
    {
        if (JsonSearch.ValueOf(members, quotedName, out _) is var value and >= 0)
        {
            var json = new Utf8JsonReader(members[value..], isFinalBlock: false, default);
            if (json.Read())
            {
                answer.BeginAt(field);
                answer.Take(ref json);
            }
        }
    }

    // Of a member that is there twice the last one counts, so that a search from the end misses nothing.
    private static ReadOnlySpan<byte> EndOf(ReadOnlySpan<byte> rest, bool isModelWanted)
    {
        var start = rest.LastIndexOf("\"usage\""u8);
        if (isModelWanted && start >= 0)
        {
            start = Math.Min(start, rest.LastIndexOf("\"model\""u8));
        }

        if (start > 0 && rest[..start].LastIndexOf("\"service_tier\""u8) is var tier and >= 0)
        {
            start = tier;
        }

        // A quote behind a backslash begins no name.
        return start < 1 || rest[start - 1] == (byte)'\\' ? default : rest[start..];
    }

    // The members stand in the answer itself exactly when what follows them closes it and nothing more.
    private static bool TryReadEnd(ReadOnlySpan<byte> members, AnswerReader answer)
    {
        var json = new Utf8JsonReader(members, isFinalBlock: true, InAnswer);
        answer.BeginIn(AnswerPart.Answer);
        while (json.Read())
        {
            answer.Take(ref json);
        }

        return answer is { Usage: not null, Model: not null };
    }

    private static JsonReaderState Opened()
    {
        var json = new Utf8JsonReader("{"u8, isFinalBlock: false, new JsonReaderState(AnswerReader.Options));
        json.Read();
        return json.CurrentState;
    }
}
