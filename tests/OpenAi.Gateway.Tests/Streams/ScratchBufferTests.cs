using System.Buffers;

namespace OpenAi.Gateway.Tests.Streams;

public class ScratchBufferTests
{
    [Fact]
    public void There_is_as_much_memory_as_is_asked_for_and_some_without_asking()
    {
        var scratch = default(ScratchBuffer);
        foreach (var size in (int[])[0, 1, 4_096, 4_097, 100_000, 0])
        {
            scratch.GetMemory(size).Length.ShouldBeGreaterThanOrEqualTo(Math.Max(1, size));
        }

        scratch.GiveBack();
        scratch.GetMemory(10).Length.ShouldBeGreaterThanOrEqualTo(10);
        scratch.GiveBack();
    }

    // Two owners of one array would write into each other's bytes.
    [Fact]
    public void An_array_goes_back_once()
    {
        var scratch = default(ScratchBuffer);
        scratch.GetMemory(5_000_000);
        scratch.GiveBack();
        scratch.GiveBack();

        var (one, other) = (ArrayPool<byte>.Shared.Rent(5_000_000), ArrayPool<byte>.Shared.Rent(5_000_000));

        one.ShouldNotBeSameAs(other);
    }
}
