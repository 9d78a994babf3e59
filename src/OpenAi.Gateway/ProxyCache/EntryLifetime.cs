namespace OpenAi.Gateway;

/// <summary>How long a store gives an entry.</summary>
/// <param name="HeldAt">When it came, as a timestamp.</param>
/// <param name="Expiration">How long it may be given from then on.</param>
internal readonly record struct EntryLifetime(long HeldAt, TimeSpan Expiration)
{
    public bool IsExpired(TimeProvider time) => time.GetElapsedTime(HeldAt) >= Expiration;
}
