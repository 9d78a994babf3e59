using System.Security.Cryptography;
using System.Text;

namespace OpenAi.Gateway.Tests.ProxyCache;

public class CacheKeyTests
{
    // What other processes, and later versions, have stored must be found again.
    [Fact]
    public void A_store_knows_it_as_the_hash_in_hexadecimal_digits()
    {
        for (var i = 0; i < 1_000; i++)
        {
            var material = Encoding.UTF8.GetBytes($"{i}");

            CacheKey.Of(material).ToString().ShouldBe("oag:1:" + Convert.ToHexStringLower(SHA256.HashData(material)));
        }
    }
}
