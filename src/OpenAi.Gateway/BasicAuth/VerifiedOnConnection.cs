namespace OpenAi.Gateway;

/// <summary>
/// The header that was verified last on a connection. The server gives the same string to the requests of a connection as long as their bytes
/// are the same, and keeps it for that: to know it again needs neither a hash nor another copy of it. There is one for each connection, whoever
/// verified it: a connection may see many changes of the consumers.
/// </summary>
internal sealed class VerifiedOnConnection(BasicAuthenticator verifier, string header, Consumer consumer, long verifiedAt)
{
    public Consumer Consumer => consumer;

    public bool Is(BasicAuthenticator asking, string other, TimeProvider time, TimeSpan rememberFor) =>
        ReferenceEquals(verifier, asking) && ReferenceEquals(header, other) && time.GetElapsedTime(verifiedAt) < rememberFor;
}
