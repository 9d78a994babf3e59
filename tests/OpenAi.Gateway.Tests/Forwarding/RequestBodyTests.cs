using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway.Tests.Forwarding;

public class RequestBodyTests
{
    private const int Limit = 1024;

    [Fact]
    public async Task A_body_can_be_copied_again_and_not_once_its_memory_went_back()
    {
        var body = await ReadAsync("prompt"u8.ToArray());
        using var first = new MemoryStream();
        using var second = new MemoryStream();

        await body.CopyToAsync(first, CancellationToken.None);
        await body.CopyToAsync(second, CancellationToken.None);
        body.Dispose();

        first.ToArray().ShouldBe("prompt"u8.ToArray());
        second.ToArray().ShouldBe("prompt"u8.ToArray());
        await Should.ThrowAsync<ObjectDisposedException>(() => body.CopyToAsync(new MemoryStream(), CancellationToken.None));
    }

    [Fact]
    public async Task A_copy_that_outlives_the_request_keeps_the_memory()
    {
        var body = await ReadAsync("prompt"u8.ToArray());
        var target = new HeldStream();

        var copying = body.CopyToAsync(target, CancellationToken.None);
        body.Dispose();
        using var other = await ReadAsync("SECRET"u8.ToArray());
        target.Go();
        await copying.SoonAsync();

        target.Written.ShouldBe("prompt"u8.ToArray());
    }

    [Fact]
    public async Task A_body_of_which_only_the_beginning_is_held_is_not_sent_twice()
    {
        using var body = await ReadAsync(new byte[Limit + 1]);
        using var first = new MemoryStream();
        using var second = new MemoryStream();

        await body.CopyToAsync(first, CancellationToken.None);
        await Should.ThrowAsync<IOException>(() => body.CopyToAsync(second, CancellationToken.None));

        (first.Length, second.Length).ShouldBe((Limit + 1, 0));
    }

    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(0, 1, false)]
    [InlineData(Limit, Limit - 1, true)]
    [InlineData(Limit, Limit, true)]
    [InlineData(Limit, Limit + 1, false)]
    [InlineData(Limit, Limit + 10_000, false)]
    public async Task A_body_without_a_length_is_held_whole_up_to_the_limit(int limit, int length, bool isComplete)
    {
        var bytes = new byte[length];
        Random.Shared.NextBytes(bytes);
        using var body = await ReadAsync(bytes, limit, isLengthKnown: false);
        using var copy = new MemoryStream();

        await body.CopyToAsync(copy, CancellationToken.None);

        (body.IsComplete, body.ContentLength).ShouldBe((isComplete, isComplete ? length : null));
        copy.ToArray().ShouldBe(bytes);
    }

    [Fact]
    public async Task An_empty_body_is_nobodys_memory()
    {
        for (var i = 0; i < 3; i++)
        {
            var body = await ReadAsync([]);
            body.Dispose();
            await body.CopyToAsync(Stream.Null, CancellationToken.None);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(100)]
    public async Task A_body_that_is_given_back_is_read_in_pieces_of_any_size(int size)
    {
        using var body = await ReadAsync("0123456789"u8.ToArray());
        var request = new DefaultHttpContext().Request;
        body.GiveBackTo(request);
        using var copy = new MemoryStream();
        var piece = new byte[size];

        while (await request.Body.ReadAsync(piece) is var read and > 0)
        {
            copy.Write(piece, 0, read);
        }

        copy.ToArray().ShouldBe("0123456789"u8.ToArray());
    }

    [Fact]
    public async Task A_middlewares_stream_that_no_read_comes_back_from_holds_up_nobody()
    {
        var stuck = new TaskCompletionSource<int>();
        using var body = await ReadAsync(new StuckStream(new byte[Limit + 1], stuck.Task));

        var copying = body.CopyToAsync(Stream.Null, CancellationToken.None);
        await body.EndCopyAsync().SoonAsync();

        copying.IsCompleted.ShouldBeFalse();
        stuck.SetResult(0);
        await copying.SoonAsync();
    }

    private static ValueTask<RequestBody> ReadAsync(byte[] bytes, int limit = Limit, bool isLengthKnown = true)
    {
        var context = new DefaultHttpContext();
        context.Request.ContentLength = isLengthKnown ? bytes.Length : null;
        context.Request.Body = new MemoryStream(bytes);
        return RequestBody.ReadAsync(context.Request, limit, null, CancellationToken.None);
    }

    private static ValueTask<RequestBody> ReadAsync(Stream stream)
    {
        var context = new DefaultHttpContext();
        context.Request.Body = stream;
        return RequestBody.ReadAsync(context.Request, Limit, null, CancellationToken.None);
    }

    // Gives what it has, and then waits whatever the token says.
    private sealed class StuckStream(byte[] bytes, Task<int> stuck) : MemoryStream(bytes)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Read(buffer.Span) is var read and > 0 ? read : await stuck;
    }

    // Takes the bytes only when it is told to.
    private sealed class HeldStream : MemoryStream
    {
        private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public byte[] Written { get; private set; } = [];

        public void Go() => _go.SetResult();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await _go.Task;
            Written = buffer.ToArray();
        }
    }
}
