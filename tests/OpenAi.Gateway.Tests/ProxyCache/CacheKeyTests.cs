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

    // A body is what its client likes, so its length has to say where it ends.
    [Fact]
    public void A_body_that_holds_the_part_behind_it_gives_another_key()
    {
        using var apart = new KeyMaterial(0);
        apart.Add(null, "body"u8);
        apart.Add("me");
        using var together = new KeyMaterial(0);
        together.Add(null, [.. "body"u8, .. BitConverter.GetBytes("me".Length), .. Encoding.Unicode.GetBytes("me")]);

        together.ToKey().ShouldNotBe(apart.ToKey());
    }
}
