namespace OpenAi.Gateway;

/// <summary>What one limit has granted to a request.</summary>
/// <param name="Limit">The limit.</param>
/// <param name="Key">Whose tokens or money it is.</param>
/// <param name="Window">How long a window is that begins now.</param>
/// <param name="Cost">What was reserved; 0 when the request costs nothing as far as is known, so that nothing was reserved.</param>
/// <param name="Reservation">What came of it.</param>
internal readonly record struct SpendReservation(SpendLimit Limit, LimitKey Key, TimeSpan Window, long Cost, LimitReservation Reservation);
