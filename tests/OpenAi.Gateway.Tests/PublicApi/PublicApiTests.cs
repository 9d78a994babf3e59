namespace OpenAi.Gateway.Tests.PublicApi;

public class PublicApiTests
{
    /// <summary>Every change of the public surface shows in a review. UPDATE_PUBLIC_API=1 writes the file anew.</summary>
    [Fact]
    public void The_public_api_is_what_the_file_says() => Repository.ShouldHold(
        "src/OpenAi.Gateway/PublicAPI.txt", PublicApiWriter.Write(typeof(GatewayError).Assembly), "UPDATE_PUBLIC_API");
}
