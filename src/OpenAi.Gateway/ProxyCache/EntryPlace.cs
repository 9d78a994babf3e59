namespace OpenAi.Gateway;

/// <summary>Where an entry lies in the log. Without references: in a table of these the garbage collector has nothing to follow.</summary>
/// <param name="Segment">The number of its segment.</param>
/// <param name="Start">Where it begins there.</param>
/// <param name="Lifetime">How long it may be given.</param>
internal readonly record struct EntryPlace(long Segment, int Start, EntryLifetime Lifetime);
