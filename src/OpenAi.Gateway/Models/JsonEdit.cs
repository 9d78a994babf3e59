namespace OpenAi.Gateway;

/// <summary>A piece of a JSON text to put in place of another one. What no edit touches stays as its writer wrote it.</summary>
/// <param name="Start">Where the old piece begins.</param>
/// <param name="Length">Its length; 0 to insert.</param>
/// <param name="Text">The new piece; empty to remove.</param>
internal readonly record struct JsonEdit(int Start, int Length, ReadOnlyMemory<byte> Text);
