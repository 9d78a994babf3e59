using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace OpenAi.Gateway.Tests.ProxyCache;

/// <summary>Who may read a shared stream, for how long its bytes are held, and when nobody wants it any more.</summary>
public class SharedStreamReaderTests
{
    private const int MostHeld = 10;

    private readonly SharedStream _stream;
    private int _abandoned;

    public SharedStreamReaderTests() => _stream = new SharedStream(200, [], MostHeld, () => _abandoned++);

    [Theory]
    [InlineData("clean", true)]
    [InlineData("broken", false)]
    [InlineData("told", false)]
    [InlineData("too long", false)]
    [InlineData("over", false)]
    [InlineData("nobody's", false)]
    [InlineData("left by all", false)]
    public void It_takes_in_who_can_still_get_all_of_it(string state, bool isTakenIn)
    {
        _stream.Append("12345"u8);
        switch (state)
        {
            case "clean":
                _stream.EndAs(StreamEnd.Clean);
                break;
            case "broken":
                _stream.EndAs(StreamEnd.Broken);
                break;
            case "told":
                _stream.EndAs(StreamEnd.Told);
                break;
            case "too long":
                _stream.Append("6789ab"u8);
                break;
            case "over":
                _stream.Release();
                break;
            case "nobody's":
                _stream.LeaderLeft().ShouldBeFalse();
                break;
            default:
                using (_stream.TryJoin())
                {
                    _stream.LeaderLeft().ShouldBeTrue();
                }

                break;
        }

        using var reader = _stream.TryJoin();

        (reader is not null).ShouldBe(isTakenIn);
        (reader is null ? "12345" : Text(reader)).ShouldBe("12345");
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public void It_is_given_up_once_when_the_last_one_leaves_it(bool hasLeaderLeft, int times)
    {
        var readers = new[] { _stream.TryJoin()!, _stream.TryJoin()! };
        if (hasLeaderLeft)
        {
            _stream.LeaderLeft();
        }

        readers[0].Dispose();
        _abandoned.ShouldBe(0);
        readers[1].Leave();
        readers[1].Dispose();

        _abandoned.ShouldBe(times);
    }

    [Fact]
    public void What_has_ended_is_not_given_up()
    {
        using (_stream.TryJoin())
        {
            _stream.LeaderLeft();
            _stream.EndAs(StreamEnd.Clean);
        }

        _abandoned.ShouldBe(0);
    }

    [Fact]
    public async Task Who_waits_is_not_woken_for_a_write_without_bytes_and_does_not_begin_an_answer_that_may_yet_break()
    {
        using var reader = _stream.TryJoin()!;
        var waiting = reader.WaitAsync();

        _stream.Append([]);
        waiting.IsCompleted.ShouldBeFalse();
        _stream.Append("1"u8);

        waiting.IsCompleted.ShouldBeTrue();
        await waiting;
        Text(reader).ShouldBe("1");
    }

    [Fact]
    public void Its_first_end_counts()
    {
        _stream.EndAs(StreamEnd.Told);
        _stream.EndAs(StreamEnd.Broken);

        _stream.End.ShouldBe(StreamEnd.Told);
    }

    [Fact]
    public void Its_bytes_are_held_until_the_last_one_who_reads_has_gone()
    {
        using var reader = _stream.TryJoin()!;
        _stream.Append("12345"u8);
        _stream.EndAs(StreamEnd.Clean);
        _stream.Release();

        Fill();
        Text(reader).ShouldBe("12345");

        // The pool gives a thread what this thread gave back last.
        var segment = SegmentOf(reader);
        reader.Dispose();
        ArrayPool<byte>.Shared.Rent(segment.Length).ShouldBeSameAs(segment);
    }

    [Fact]
    public void Who_is_further_behind_than_what_may_be_held_of_a_long_stream_is_given_up()
    {
        using var quick = _stream.TryJoin()!;
        using var slow = _stream.TryJoin()!;
        _stream.Append("123456"u8);
        Text(quick).ShouldBe("123456");
        Text(slow).ShouldBe("123456");

        _stream.Append("7890abcdef"u8);
        (quick.IsLost, slow.IsLost).ShouldBe((false, false), "each is as far behind as may be");
        Text(quick).ShouldBe("7890abcdef");
        _stream.Append("g"u8);

        (quick.IsLost, slow.IsLost).ShouldBe((false, true));
        Text(quick).ShouldBe("g");
        Text(slow).ShouldBeEmpty();
    }

    [Fact]
    public void Of_a_long_stream_that_nobody_else_reads_nothing_is_held()
    {
        _stream.Append("12345"u8);
        byte[] segment;
        using (var reader = _stream.TryJoin()!)
        {
            Text(reader);
            segment = SegmentOf(reader);
        }

        _stream.Append("67890a"u8);

        ArrayPool<byte>.Shared.Rent(segment.Length).ShouldBeSameAs(segment);
    }

    private static string Text(SharedStreamReader reader)
    {
        var text = new StringBuilder();
        while (reader.Take() is { IsEmpty: false } bytes)
        {
            text.Append(Encoding.ASCII.GetString(bytes.Span));
        }

        return text.ToString();
    }

    private static byte[] SegmentOf(SharedStreamReader reader)
    {
        MemoryMarshal.TryGetArray(reader.Take(), out var segment).ShouldBeTrue();
        return segment.Array!;
    }

    // What was given back too early is written over.
    private static void Fill()
    {
        foreach (var array in Enumerable.Range(0, 8).Select(_ => ArrayPool<byte>.Shared.Rent(4096)).ToArray())
        {
            Array.Fill(array, (byte)'!');
            ArrayPool<byte>.Shared.Return(array);
        }
    }
}
