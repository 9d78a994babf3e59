using System.Buffers.Binary;
using System.Text;

namespace OpenAi.Gateway.Tests.ProxyCache;

public class RecentKeysTests
{
    private readonly RecentKeys _recent = new();

    [Fact]
    public void A_key_is_the_same_however_often_it_is_asked_for()
    {
        foreach (var length in (int[])[0, 1, 7, 8, 9, 500, 8_191, 8_192, 8_193, 100_000])
        {
            var material = new byte[length];
            for (var i = 0; i < 4; i++)
            {
                _recent.KeyOf(material).ShouldBe(CacheKey.Of(material));
            }
        }
    }

    [Fact]
    public void Materials_that_take_each_others_places_keep_their_keys()
    {
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 2_000; i++)
            {
                var material = Encoding.UTF8.GetBytes($"question {i / 2}");

                _recent.KeyOf(material).ShouldBe(CacheKey.Of(material));
            }
        }
    }

    // Whoever knows the checksum can find two questions that share it.
    [Fact]
    public void Materials_with_one_checksum_have_a_key_each()
    {
        var (one, other) = WithOneChecksum();
        Crc32C.Of(one).ShouldBe(Crc32C.Of(other));

        for (var i = 0; i < 4; i++)
        {
            _recent.KeyOf(one).ShouldBe(CacheKey.Of(one));
            _recent.KeyOf(other).ShouldBe(CacheKey.Of(other));
        }
    }

    [Fact]
    public void What_is_asked_for_twice_is_remembered_and_what_is_asked_for_once_is_not()
    {
        var material = Encoding.UTF8.GetBytes(new string('a', 1_000));
        CacheKey.Of(material); // Makes this thread's hash.
        Allocated(() => _recent.KeyOf(Encoding.UTF8.GetBytes("another one")));

        Allocated(() => _recent.KeyOf(material)).ShouldBe(0);
        Allocated(() => _recent.KeyOf(material)).ShouldBeGreaterThan(material.Length);
        Allocated(() => _recent.KeyOf(material)).ShouldBe(0);
    }

    [Fact]
    public void What_is_long_is_not_remembered()
    {
        var material = new byte[(8 * 1024) + 1];
        CacheKey.Of(material);

        for (var i = 0; i < 3; i++)
        {
            Allocated(() => _recent.KeyOf(material)).ShouldBe(0);
        }
    }

    [Fact]
    public async Task Threads_that_share_its_places_get_their_own_keys()
    {
        var materials = Enumerable.Range(0, 1_000).Select(i => Encoding.UTF8.GetBytes($"question {i}")).ToArray();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => Task.Run(() =>
        {
            var random = new Random(seed);
            for (var i = 0; i < 20_000; i++)
            {
                var material = materials[random.Next(materials.Length)];

                _recent.KeyOf(material).ShouldBe(CacheKey.Of(material));
            }
        })));
    }

    // What one has in the place of the other in its first eight bytes, the next four make up for.
    private static (byte[] One, byte[] Other) WithOneChecksum()
    {
        var (one, other) = (new byte[16], new byte[16]);
        other[0] = 1;
        BinaryPrimitives.WriteUInt32LittleEndian(other.AsSpan(8), Crc32C.Of(one.AsSpan(0, 8)) ^ Crc32C.Of(other.AsSpan(0, 8)));
        return (one, other);
    }

    private static long Allocated(Action act)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        act();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
