namespace OpenAi.Gateway.FunctionalTests.WireMock;

/// <summary>All tests share one WireMock, and each begins by resetting it: so they run one after another.</summary>
[CollectionDefinition(WireMockServer.Collection)]
public sealed class WireMockCollection;
