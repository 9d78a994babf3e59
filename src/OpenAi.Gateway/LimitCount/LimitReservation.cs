namespace OpenAi.Gateway;

/// <summary>What came of a reservation.</summary>
/// <param name="IsGranted">Whether the cost fitted into the window and was counted.</param>
/// <param name="Remaining">What is left in the window, 0 or more.</param>
/// <param name="ResetAfter">The time until the window ends.</param>
/// <param name="Window">Identifies the window to the counter that gave it, so that a late settlement cannot touch the next one.</param>
public readonly record struct LimitReservation(bool IsGranted, long Remaining, TimeSpan ResetAfter, long Window);
