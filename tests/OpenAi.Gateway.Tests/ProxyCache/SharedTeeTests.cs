using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using OpenAi.Gateway.Tests.Streams;

namespace OpenAi.Gateway.Tests.ProxyCache;

/// <summary>An answer that others read with the client, which may leave it to them.</summary>
public sealed class SharedTeeTests : IDisposable
{
    private readonly PipedBody _client = new(new PipeOptions(pauseWriterThreshold: 10, resumeWriterThreshold: 5));
    private readonly SharedStream _stream = new(200, [], 100, () => { });
    private readonly ResponseTee _tee;
    private int _timesTooLong;

    public SharedTeeTests()
    {
        _tee = new ResponseTee(_client, 100, () => TeeMode.Remember, () => _timesTooLong++);
        _tee.Begin();
        _tee.Share(_stream, _stream.LeaderLeft);
    }

    // However it shows that the client is gone.
    [Theory]
    [InlineData("has left", true)]
    [InlineData("has left", false)]
    [InlineData("leaves while it is slow", true)]
    [InlineData("leaves while it is slow", false)]
    [InlineData("fails while it is slow", true)]
    [InlineData("fails while it is slow", false)]
    [InlineData("is cancelled", true)]
    [InlineData("is cancelled", false)]
    public async Task It_goes_on_as_long_as_another_one_reads_when_the_client(string how, bool hasFollower)
    {
        using var follower = hasFollower ? _stream.TryJoin() : null;
        using var cancelled = new CancellationTokenSource();
        if (how == "has left")
        {
            await _client.Reader.CompleteAsync();
        }

        var writing = _tee.Writer.WriteAsync(new byte[20], cancelled.Token).AsTask();
        if (how == "is cancelled")
        {
            await cancelled.CancelAsync();
        }
        else if (how != "has left")
        {
            writing.IsCompleted.ShouldBeFalse();
            await _client.Reader.CompleteAsync(how == "fails while it is slow" ? new IOException("Reset.") : null);
        }

        (await writing.SoonAsync()).IsCompleted.ShouldBe(!hasFollower);
        (_stream.IsLeaderGone, _stream.Length).ShouldBe((true, 20));
    }

    [Fact]
    public async Task Nothing_more_reaches_a_client_that_has_gone()
    {
        using var follower = _stream.TryJoin()!;
        await _tee.Writer.WriteAsync(new byte[2]);

        _stream.LeaderLeft();
        (await _tee.Writer.WriteAsync(new byte[50])).IsCompleted.ShouldBeFalse();
        await _tee.StartAsync();
        await _tee.CompleteAsync();
        (_client.WasStarted, _client.WasCompleted).ShouldBe((false, false));
        _ = _client.Writer.FlushAsync().AsTask();

        (await _client.Reader.ReadAsync()).Buffer.Length.ShouldBe(2);
        _stream.Length.ShouldBe(52);
    }

    [Fact]
    public async Task It_gives_its_bytes_back_when_the_others_have_read_them()
    {
        var follower = _stream.TryJoin()!;
        await _tee.Writer.WriteAsync(new byte[5]);
        MemoryMarshal.TryGetArray(follower.Take(), out var segment).ShouldBeTrue();

        _tee.Dispose();
        follower.Dispose();

        // The pool gives a thread what this thread gave back last.
        ArrayPool<byte>.Shared.Rent(segment.Array!.Length).ShouldBeSameAs(segment.Array);
    }

    [Fact]
    public async Task It_says_once_that_it_has_become_too_long_to_be_stored()
    {
        _ = _client.Reader.CopyToAsync(Stream.Null);
        await _tee.Writer.WriteAsync(new byte[100]);
        (_tee.Mode, _timesTooLong).ShouldBe((TeeMode.Remember, 0));

        await _tee.Writer.WriteAsync(new byte[1]);
        await _tee.Writer.WriteAsync(new byte[1]);

        (_tee.Mode, _timesTooLong).ShouldBe((TeeMode.Pass, 1));
    }

    public void Dispose() => _tee.Dispose();
}
