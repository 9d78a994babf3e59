namespace OpenAi.Gateway;

/// <summary>What one limit has granted to a request.</summary>
internal readonly record struct SpendReservation(SpendLimit Limit, LimitKey Key, LimitReservation Reservation, long Cost);
