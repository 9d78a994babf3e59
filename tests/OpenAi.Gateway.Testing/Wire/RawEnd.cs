namespace OpenAi.Gateway.Testing;

/// <summary>How an answer ended on the wire.</summary>
public enum RawEnd
{
    /// <summary>With all that its framing promised: the last chunk, all bytes of Content-Length, or the close if it has neither.</summary>
    Complete,

    /// <summary>The peer closed the connection before the end.</summary>
    ClosedEarly,

    /// <summary>The peer reset the connection before the end.</summary>
    Reset,
}
