namespace OpenAi.Gateway;

/// <summary>
/// What tells one question from another one: the body to send, without the form that its answer shall have if the answer can be given in both
/// (<c>stream</c> and <c>stream_options.include_usage</c>). Other stream options change the bytes of an answer, and stay.
/// </summary>
internal static class QuestionKey
{
    public static void Write(ModelRequest question, PooledBytes writer)
    {
        var body = question.Body;
        var form = question.Form with { AsksForUsage = false };
        var (stream, usage) = question.HasBothForms ? MembersOfForm(question) : default;
        if (stream is null && usage is null && !question.IsEditedIn(form))
        {
            writer.Append(body);
            return;
        }

        var edits = question.EditsFor(form);
        if (stream is { } streamMember)
        {
            edits.Add(streamMember.Removal(body));
        }

        if (usage is { } usageMember)
        {
            edits.Add(usageMember.Removal(body));
        }

        JsonEdit.Write(body, edits, writer);
    }

    private static (JsonMember? Stream, JsonMember? Usage) MembersOfForm(ModelRequest question)
    {
        var body = question.Body;
        var stream = question.StreamMember is { } form && IsForm(ValueOf(form, body)) ? question.StreamMember : null;
        var options = question.StreamOptionsMember is { } member && HoldsUsageOnly(ValueOf(member, body), question) ? question.StreamOptionsMember : null;

        // Of the first two members the second is the first one, too, once the other has gone.
        if (stream is { IsFirst: true } first && options is { } second && second.Before == first.End)
        {
            options = second with { IsFirst = true };
        }
        else if (options is { IsFirst: true } other && stream is { } behind && behind.Before == other.End)
        {
            stream = behind with { IsFirst = true };
        }

        return (stream, options ?? question.IncludeUsageMember);
    }

    private static ReadOnlySpan<byte> ValueOf(JsonMember member, ReadOnlySpan<byte> body) => body[member.ValueStart..member.End];

    // Anything else is an error that the upstream shall answer.
    private static bool IsForm(ReadOnlySpan<byte> value) => value.SequenceEqual("true"u8) || value.SequenceEqual("false"u8) || value.SequenceEqual("null"u8);

    private static bool HoldsUsageOnly(ReadOnlySpan<byte> options, ModelRequest question)
    {
        if (options is not [(byte)'{', .. var members])
        {
            return options.SequenceEqual("null"u8);
        }

        // Without its one member nothing is left but the braces.
        var rest = question.IncludeUsageMember is { IsFirst: true } asked
            ? question.Body[asked.End..question.StreamOptionsMember!.Value.End]
            : members;
        return rest.TrimStart(JsonSearch.Whitespace) is [(byte)'}'];
    }
}
