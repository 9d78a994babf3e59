using OpenAi.Gateway.FunctionalTests.WireMock;

[assembly: AssemblyFixture(typeof(WireMockServer))]
