using System.Buffers;

namespace OpenAi.Gateway;

/// <summary>A piece of a JSON text to put in place of another one. What no edit touches stays as its writer wrote it.</summary>
/// <param name="Start">Where the old piece begins.</param>
/// <param name="Length">Its length; 0 to insert.</param>
/// <param name="Text">The new piece; empty to remove.</param>
internal readonly record struct JsonEdit(int Start, int Length, ReadOnlyMemory<byte> Text)
{
    /// <summary>Writes a text with its edits, in whatever order they were made.</summary>
    public static void Write(ReadOnlySpan<byte> json, List<JsonEdit> edits, IBufferWriter<byte> writer)
    {
        if (edits.Count == 0)
        {
            writer.Write(json);
            return;
        }

        var position = 0;
        foreach (var edit in edits.Count == 1 ? edits : [.. edits.OrderBy(edit => edit.Start).ThenBy(edit => edit.Length)]) // To insert comes first.
        {
            // Two members removed side by side may share the comma between them.
            if (edit.Start > position)
            {
                writer.Write(json[position..edit.Start]);
            }

            writer.Write(edit.Text.Span);
            position = Math.Max(position, edit.Start + edit.Length);
        }

        writer.Write(json[position..]);
    }
}
