namespace OpenAi.Gateway;

/// <summary>
/// The header that was verified last on a connection. The server gives the requests of a connection the same string as long as its bytes stay the
/// same, so that a comparison of references knows it again, without a hash. A connection has one at most, whichever policy verified it: it may live
/// through many changes of the consumers.
/// </summary>
internal sealed class VerifiedOnConnection(BasicAuthenticator verifier, string header, Consumer consumer, long verifiedAt)
{
    public Consumer Consumer => consumer;

    public bool Is(BasicAuthenticator asking, string other, TimeProvider time, TimeSpan rememberFor) =>
        ReferenceEquals(verifier, asking) && ReferenceEquals(header, other) && time.GetElapsedTime(verifiedAt) < rememberFor;
}
