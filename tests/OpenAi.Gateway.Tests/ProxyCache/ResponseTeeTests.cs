using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway.Tests.ProxyCache;

public class ResponseTeeTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4096)]
    [InlineData(100_000)]
    public async Task It_remembers_what_it_passes_on_however_it_is_written(int piece)
    {
        var whole = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i} ")));
        using var client = new MemoryStream();
        using var tee = Over(client, whole.Length, TeeMode.Remember);

        var byWriter = true;
        foreach (var part in whole.Chunk(piece))
        {
            await ((byWriter = !byWriter) ? tee.Writer.WriteAsync(part).AsTask() : tee.Stream.WriteAsync(part).AsTask());
        }

        tee.Body.Span.SequenceEqual(whole).ShouldBeTrue();
        client.ToArray().AsSpan().SequenceEqual(whole).ShouldBeTrue();
    }

    [Fact]
    public async Task One_byte_too_many_and_it_forgets_but_passes_on()
    {
        using var client = new MemoryStream();
        using var tee = Over(client, 10, TeeMode.Remember);

        await tee.Writer.WriteAsync(new byte[10]);
        (tee.Mode, tee.Body.Length).ShouldBe((TeeMode.Remember, 10));
        await tee.Writer.WriteAsync(new byte[1]);
        await tee.Writer.WriteAsync(new byte[5]);

        (tee.Mode, tee.Body.Length, client.Length).ShouldBe((TeeMode.Pass, 0, 16));
    }

    [Fact]
    public async Task More_than_was_announced_is_not_remembered_in_the_place_for_it()
    {
        using var client = new MemoryStream();
        using var tee = Over(client, 100, TeeMode.Remember);
        tee.Begin();
        tee.RememberIn(new byte[10], 4);

        await tee.Writer.WriteAsync(new byte[6]);
        (tee.Mode, tee.Body.Length).ShouldBe((TeeMode.Remember, 6));
        await tee.Writer.WriteAsync(new byte[1]);

        (tee.Mode, tee.Body.Length, client.Length).ShouldBe((TeeMode.Pass, 0, 7));
    }

    [Fact]
    public async Task What_is_held_back_does_not_reach_the_client()
    {
        using var client = new MemoryStream();
        using var tee = Over(client, 10, TeeMode.HoldBack);

        await tee.StartAsync();
        (await tee.Writer.WriteAsync(new byte[9000])).IsCompleted.ShouldBeTrue();
        await tee.CompleteAsync();
        await tee.Writer.CompleteAsync();

        (client.Length, tee.Body.Length).ShouldBe((0, 0));
        tee.Client.Writer.Write(new byte[5]);
        await tee.Client.Writer.FlushAsync();
        client.Length.ShouldBe(5, "another answer takes its place");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void It_gives_back_what_it_rented(bool byLimit)
    {
        using var client = new MemoryStream();
        var tee = Over(client, 6000, TeeMode.Remember);
        tee.Writer.Write(new byte[5000]);
        MemoryMarshal.TryGetArray(tee.Body, out var rented).ShouldBeTrue();

        if (byLimit)
        {
            tee.Writer.Write(new byte[5000]);
        }
        else
        {
            tee.Dispose();
        }

        // The pool gives a thread what this thread gave back last.
        ArrayPool<byte>.Shared.Rent(rented.Array!.Length).ShouldBeSameAs(rented.Array);
        tee.Dispose();
        ArrayPool<byte>.Shared.Rent(rented.Array.Length).ShouldNotBeSameAs(rented.Array, "which is somebody else's by now");
    }

    [Fact]
    public void It_gives_back_what_was_written_and_held_back()
    {
        using var client = new MemoryStream();
        var tee = Over(client, 6000, TeeMode.HoldBack);
        MemoryMarshal.TryGetArray<byte>(tee.Writer.GetMemory(5000), out var rented).ShouldBeTrue();

        tee.Dispose();

        ArrayPool<byte>.Shared.Rent(rented.Array!.Length).ShouldBeSameAs(rented.Array);
    }

    [Theory]
    [InlineData(false, "hello")]
    [InlineData(true, "")]
    public async Task Memory_may_be_filled_in_parts(bool isHeldBack, string expected)
    {
        using var client = new MemoryStream();
        using var tee = Over(client, 100, isHeldBack ? TeeMode.HoldBack : TeeMode.Remember);

        "hello"u8.CopyTo(tee.Writer.GetSpan(5));
        tee.Writer.Advance(2);
        tee.Writer.Advance(3);
        await tee.Writer.FlushAsync();

        Encoding.ASCII.GetString(tee.Body.Span).ShouldBe(expected);
        Encoding.ASCII.GetString(client.ToArray()).ShouldBe(expected);
    }

    [Fact]
    public async Task What_is_only_passed_on_is_not_remembered()
    {
        using var client = new MemoryStream();
        using var tee = Over(client, 100, TeeMode.Pass);

        await tee.Writer.WriteAsync(new byte[9]);

        (tee.Body.Length, client.Length).ShouldBe((0, 9));
    }

    [Fact]
    public async Task An_entry_never_holds_memory_of_the_pool()
    {
        var store = new FakeHybridCache();
        await using var host = await CacheHost.StartAsync(
            connection => connection.WriteJsonAsync($"{{\"text\":\"{new string('x', 5000)}\"}}"), build: store.RegisterAsOwn);
        await host.AskAsync();
        var bytes = store.Entries.Values.Single();
        var before = bytes.ToArray();

        var others = Enumerable.Range(0, 64).Select(_ => ArrayPool<byte>.Shared.Rent(8192)).ToArray();
        foreach (var other in others)
        {
            Array.Fill(other, (byte)'!');
            other.ShouldNotBeSameAs(bytes);
        }

        bytes.ShouldBe(before);
    }

    [Fact]
    public void It_counts_what_is_not_flushed_as_a_json_writer_asks()
    {
        using var client = new MemoryStream();
        using var tee = Over(client, 100, TeeMode.Remember);

        tee.Writer.Write(new byte[7]);

        (tee.Writer.CanGetUnflushedBytes, tee.Writer.UnflushedBytes).ShouldBe((true, 7));
    }

    private static ResponseTee Over(Stream client, int maxBodySize, TeeMode mode) =>
        new(new StreamResponseBodyFeature(client), maxBodySize, () => mode, () => { });
}
