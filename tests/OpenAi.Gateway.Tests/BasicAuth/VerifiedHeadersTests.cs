namespace OpenAi.Gateway.Tests.BasicAuth;

public class VerifiedHeadersTests
{
    [Fact]
    public void So_many_headers_are_remembered_and_no_more()
    {
        const int Capacity = 100_000;
        var verified = new VerifiedHeaders(TimeSpan.FromMinutes(1), new ManualTimeProvider());
        var consumer = Consumer.FromPassword("consumer1", "username1", "password1");
        for (var i = 0; i < Capacity; i++)
        {
            verified.Remember($"Basic {i}", consumer);
        }

        verified.Find("Basic 0", out _).ShouldBeSameAs(consumer);
        verified.Remember("Basic more", consumer);

        verified.Find("Basic 0", out _).ShouldBeNull();
        verified.Find("Basic more", out _).ShouldBeSameAs(consumer);
    }
}
