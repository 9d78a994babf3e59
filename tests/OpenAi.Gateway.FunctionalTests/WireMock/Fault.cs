namespace OpenAi.Gateway.FunctionalTests.WireMock;

/// <summary>Ways for WireMock to break an answer.</summary>
public enum Fault
{
    /// <summary>Closes the connection without a byte.</summary>
    EmptyResponse,

    /// <summary>Sends the status and garbage for a chunk, then closes.</summary>
    MalformedResponseChunk,

    /// <summary>Sends garbage in place of an answer, then closes.</summary>
    RandomDataThenClose,

    /// <summary>Resets the connection without a byte.</summary>
    ConnectionResetByPeer,
}
