namespace OpenAi.Gateway;

/// <summary>What a leader left to those who waited for it.</summary>
/// <param name="Entry">The whole answer, or <see langword="null"/>.</param>
/// <param name="IsHandedOver">Without an answer: whether one of the others shall lead, because the leader's client left.</param>
internal readonly record struct FlightEnd(CacheEntry? Entry, bool IsHandedOver);
