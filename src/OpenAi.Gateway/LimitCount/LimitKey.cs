namespace OpenAi.Gateway;

/// <summary>What a limit counts: one counter for each pair.</summary>
/// <param name="Limit">The limit, or the group that shares its counter.</param>
/// <param name="Value">Whom or what it counts, for example an address; of a text longer than 256 characters the SHA-256.</param>
public readonly record struct LimitKey(string Limit, string Value);
