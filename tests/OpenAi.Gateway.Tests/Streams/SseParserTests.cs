using System.Text;

namespace OpenAi.Gateway.Tests.Streams;

public class SseParserTests
{
    [Theory]
    [InlineData("data: a\n\n", "a")]
    [InlineData("data:a\n\n", "a")]
    [InlineData("data:  a\n\n", " a")]
    [InlineData("data: a\r\n\r\n", "a")]
    [InlineData("data: a\r\r", "a")]
    [InlineData("data: a\r\n\n", "a")]
    [InlineData("data: a\r\r\ndata: b\n\n", "a|b")]
    [InlineData("data: a\n\r\ndata: b\r\n\r", "a|b")]
    [InlineData("data: a\ndata: b\n\n", "a\nb")]
    [InlineData("data: a\ndata\ndata: b\r\n\n", "a\n\nb")]
    [InlineData("data: a\ndata: b\n\ndata: c\ndata: d\n\n", "a\nb|c\nd")]
    [InlineData("\uFEFFdata: a\n\ndata: b\n\n", "a|b")]
    [InlineData("\uFEFF\ndata: a\n\n", "a")]
    [InlineData("data: a\n\n\uFEFFdata: b\n\n", "a")]
    [InlineData(": keep-alive\n\ndata: a\n\n", "a")]
    [InlineData(": keep-alive\ndata: a\n: more\n\n", "a")]
    [InlineData("\n\n\ndata: a\n\n\n\n", "a")]
    [InlineData("id: 1\nretry: 3\ndatabase: x\n data: y\ndata: a\n\n", "a")]
    [InlineData("data: a\n\ndata: b", "a|b")]
    [InlineData("data: a\n\ndata: b\n", "a|b")]
    [InlineData("data: {\"a\":\"b: c\"}\n\ndata: [DONE]\n\n", "{\"a\":\"b: c\"}|[DONE]")]
    [InlineData("", "")]
    public void It_finds_the_events_wherever_the_stream_is_cut(string stream, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(stream);
        for (var size = 1; size <= bytes.Length + 1; size++)
        {
            var (data, raw) = Read(bytes.Chunk(size));
            string.Join('|', data).ShouldBe(expected, $"in chunks of {size}");
            raw.ShouldBe(bytes);
        }
    }

    [Fact]
    public void It_tells_the_name()
    {
        using var parser = new SseParser();
        var input = "event: response.completed\ndata: {}\n\ndata: {}\nevent:x\n\ndata: y\n\n"u8;

        parser.TryRead(ref input, out var found).ShouldBeTrue();
        Encoding.UTF8.GetString(found.Name).ShouldBe("response.completed");
        parser.TryRead(ref input, out found).ShouldBeTrue();
        Encoding.UTF8.GetString(found.Name).ShouldBe("x");
        parser.TryRead(ref input, out found).ShouldBeTrue();
        found.Name.IsEmpty.ShouldBeTrue();
        parser.TryRead(ref input, out _).ShouldBeFalse();
    }

    [Fact]
    public void Random_streams_in_random_chunks_give_the_same_events()
    {
        var random = new Random(7);
        string[] pieces = ["data: ", "data:", "a", "{\"x\":1}", "\n", "\n\n", "\r", "\r\n", "\r\n\r\n", ": c", "event: e", "ü", "\uFEFF"];
        for (var run = 0; run < 5_000; run++)
        {
            var bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => pieces[random.Next(pieces.Length)])));
            var whole = Read([bytes]);
            var split = Read(Chunks.Random(bytes, random));

            split.Data.ShouldBe(whole.Data);
            split.Raw.ShouldBe(bytes);
            whole.Raw.ShouldBe(bytes);
        }
    }

    [Fact]
    public void An_event_in_one_chunk_is_not_copied()
    {
        using var parser = new SseParser();
        ReadOnlySpan<byte> chunk = "data: one\n\ndata: two\n\n"u8.ToArray();
        var input = chunk;

        parser.TryRead(ref input, out _);
        parser.TryRead(ref input, out var second);

        chunk.Overlaps(second.Raw, out var raw).ShouldBeTrue();
        chunk.Overlaps(second.Data, out var data).ShouldBeTrue();
        (raw, data, second.Data.Length).ShouldBe((11, 17, 3));
    }

    [Fact]
    public void Events_allocate_nothing_even_when_they_are_cut()
    {
        using var parser = new SseParser();
        var chunk = "data: {\"some\":\"text\"}\n\ndata: {\"some\":\"te"u8.ToArray();
        var rest = "xt\"}\n\n"u8.ToArray();
        var events = Count(parser, chunk, rest, 10);
        var before = GC.GetAllocatedBytesForCurrentThread();

        events += Count(parser, chunk, rest, 1000);

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(100);
        events.ShouldBe(2020);
    }

    [Fact]
    public void An_event_that_is_too_long_passes_in_pieces_without_data()
    {
        using var parser = new SseParser(maxEventSize: 20);
        List<byte> raw = [];
        List<string> data = [];
        foreach (var chunk in Encoding.ASCII.GetBytes("data: a\n\ndata: " + new string('x', 40) + "\ndata: y\n\ndata: b\n\n").Chunk(6))
        {
            ReadOnlySpan<byte> input = chunk;
            while (parser.TryRead(ref input, out var found))
            {
                raw.AddRange(found.Raw);
                if (!found.Data.IsEmpty)
                {
                    data.Add(Encoding.ASCII.GetString(found.Data));
                }
            }
        }

        data.ShouldBe(["a", "b"]);
        raw.Count.ShouldBe(9 + 47 + 9 + 9);
        parser.TryReadRest(out _).ShouldBeFalse();
    }

    private static int Count(SseParser parser, ReadOnlySpan<byte> chunk, ReadOnlySpan<byte> rest, int times)
    {
        var events = 0;
        for (var i = 0; i < times; i++)
        {
            var input = chunk;
            while (parser.TryRead(ref input, out _))
            {
                events++;
            }

            input = rest;
            while (parser.TryRead(ref input, out _))
            {
                events++;
            }
        }

        return events;
    }

    private static (List<string> Data, byte[] Raw) Read(IEnumerable<byte[]> chunks)
    {
        using var parser = new SseParser();
        List<string> data = [];
        List<byte> raw = [];
        foreach (var chunk in chunks)
        {
            ReadOnlySpan<byte> input = chunk;
            while (parser.TryRead(ref input, out var found))
            {
                Add(found);
            }
        }

        if (parser.TryReadRest(out var last))
        {
            Add(last);
        }

        parser.TryReadRest(out _).ShouldBeFalse();
        return (data, [.. raw]);

        void Add(SseEvent found)
        {
            raw.AddRange(found.Raw);
            if (!found.Data.IsEmpty)
            {
                data.Add(Encoding.UTF8.GetString(found.Data));
            }
        }
    }
}
