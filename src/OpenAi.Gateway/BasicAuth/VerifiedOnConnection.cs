namespace OpenAi.Gateway;

/// <summary>
/// The header that was verified last on a connection. The server gives the same string to the requests of a connection as long as their bytes
/// are the same, and keeps it for that: to know it again needs neither a hash nor another copy of it.
/// </summary>
internal sealed class VerifiedOnConnection(string header, Consumer consumer, long verifiedAt)
{
    public Consumer Consumer => consumer;

    public bool Is(string other, TimeProvider time, TimeSpan rememberFor) =>
        ReferenceEquals(header, other) && time.GetElapsedTime(verifiedAt) < rememberFor;
}
