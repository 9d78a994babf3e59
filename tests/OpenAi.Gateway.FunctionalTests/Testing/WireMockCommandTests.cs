using OpenAi.Gateway.FunctionalTests.WireMock;

namespace OpenAi.Gateway.FunctionalTests.Testing;

public sealed class WireMockCommandTests
{
    private static readonly string Nowhere = Path.GetPathRoot(AppContext.BaseDirectory)!;

    [Fact]
    public void Without_the_jar_it_says_what_to_run() =>
        Should.Throw<InvalidOperationException>(() => WireMockCommand.FindJar(Nowhere)).Message.ShouldContain("`npm ci` in tests/wiremock");

    [Fact]
    public void Without_Java_it_says_what_to_install() =>
        Should.Throw<InvalidOperationException>(() => WireMockCommand.FindJava(Nowhere)).Message.ShouldContain("Java 17");
}
