using System.Buffers;

namespace OpenAi.Gateway.Tests.Streams;

public class PooledBytesTests
{
    [Fact]
    public void It_holds_what_a_list_of_bytes_would()
    {
        var random = new Random(7);
        for (var run = 0; run < 300; run++)
        {
            var expected = new List<byte>();
            using var bytes = new PooledBytes(capacity: random.Next(40));
            for (var step = 0; step < 60; step++)
            {
                Change(bytes, expected, random);

                bytes.Length.ShouldBe(expected.Count);
                bytes.Span.SequenceEqual(expected.ToArray()).ShouldBeTrue($"run {run}, step {step}");
                bytes.Memory.Span.SequenceEqual(bytes.Span).ShouldBeTrue();
            }
        }
    }

    // Two owners of one array would write into each other's bytes.
    [Fact]
    public void An_array_goes_back_once()
    {
        var bytes = new PooledBytes(capacity: 3_000_000);
        bytes.Append(new byte[3_000_000]);
        bytes.Clear();
        bytes.Clear();
        bytes.RemoveFirst(0);
        bytes.Dispose();

        var (one, other) = (ArrayPool<byte>.Shared.Rent(3_000_000), ArrayPool<byte>.Shared.Rent(3_000_000));

        one.ShouldNotBeSameAs(other);
    }

    private static void Change(PooledBytes bytes, List<byte> expected, Random random)
    {
        var some = new byte[random.Next(random.Next(20) == 0 ? 500 : 20)];
        random.NextBytes(some);
        switch (random.Next(8))
        {
            case 0 or 1:
                bytes.Append(some);
                expected.AddRange(some);
                break;
            case 2:
                some.CopyTo(Room(bytes.GetSpan(some.Length), some.Length));
                bytes.Advance(some.Length);
                expected.AddRange(some);
                break;
            case 3:
                some.CopyTo(Room(bytes.GetMemory(some.Length).Span, some.Length));
                bytes.Advance(some.Length);
                expected.AddRange(some);
                break;
            case 4 or 5:
                var first = random.Next(expected.Count + 1);
                bytes.RemoveFirst(first);
                expected.RemoveRange(0, first);
                break;
            case 6:
                var last = random.Next(Math.Min(expected.Count, 10) + 1);
                bytes.RemoveLast(last);
                expected.RemoveRange(expected.Count - last, last);
                break;
            default:
                if (random.Next(5) == 0)
                {
                    bytes.Clear();
                    expected.Clear();
                }

                break;
        }
    }

    // Whoever asks for memory gets some, also without saying how much.
    private static Span<byte> Room(Span<byte> span, int atLeast)
    {
        span.Length.ShouldBeGreaterThanOrEqualTo(Math.Max(1, atLeast));
        return span;
    }
}
