namespace OpenAi.Gateway;

/// <summary>Where a member stands in its object's text.</summary>
/// <param name="Start">Where its name begins, the quote included.</param>
/// <param name="ValueStart">Where its value begins.</param>
/// <param name="End">Where its value ends.</param>
/// <param name="Before">Where what stands before it ends: the value of the member before it, or the opening brace.</param>
/// <param name="IsFirst">Whether it is the first of its object.</param>
internal readonly record struct JsonMember(int Start, int ValueStart, int End, int Before, bool IsFirst)
{
    /// <summary>Puts another value in the place of the member's.</summary>
    public JsonEdit Replacement(ReadOnlyMemory<byte> value) => new(ValueStart, End - ValueStart, value);

    /// <summary>Takes the member out of its object, with the comma that joins it to the others.</summary>
    public JsonEdit Removal(ReadOnlySpan<byte> json)
    {
        if (!IsFirst)
        {
            return new JsonEdit(Before, End - Before, default);
        }

        // The first one goes with the comma behind it, if there is one.
        var end = End;
        var rest = json[End..];
        var next = rest.TrimStart(JsonSearch.Whitespace);
        if (next is [(byte)',', ..])
        {
            var after = next[1..];
            end += rest.Length - after.TrimStart(JsonSearch.Whitespace).Length;
        }

        return new JsonEdit(Start, end - Start, default);
    }
}
