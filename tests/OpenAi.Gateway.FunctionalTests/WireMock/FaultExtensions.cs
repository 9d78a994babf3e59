namespace OpenAi.Gateway.FunctionalTests.WireMock;

internal static class FaultExtensions
{
    public static string WireName(this Fault fault) => fault switch
    {
        Fault.EmptyResponse => "EMPTY_RESPONSE",
        Fault.MalformedResponseChunk => "MALFORMED_RESPONSE_CHUNK",
        Fault.RandomDataThenClose => "RANDOM_DATA_THEN_CLOSE",
        Fault.ConnectionResetByPeer => "CONNECTION_RESET_BY_PEER",
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, null),
    };
}
