using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using OpenAi.Gateway.Tests.Usage;

namespace OpenAi.Gateway.Tests.Streams;

public class UsageFilterTests
{
    public static TheoryData<RecordedStream> Recorded => [.. RecordedStreams.All];

    [Theory]
    [MemberData(nameof(Recorded), DisableDiscoveryEnumeration = true)]
    public async Task The_client_gets_the_stream_that_it_would_have_got(RecordedStream stream)
    {
        (await FilterAsync([stream.With])).ShouldBe(Encoding.UTF8.GetString(stream.Without));
        (await FilterAsync([stream.Without])).ShouldBe(Encoding.UTF8.GetString(stream.Without));
    }

    [Theory]
    [MemberData(nameof(Recorded), DisableDiscoveryEnumeration = true)]
    public async Task It_does_so_wherever_the_stream_is_cut(RecordedStream stream)
    {
        var random = new Random(11);
        var (with, without) = (stream.With, stream.Without);
        for (var run = 0; run < 1_000; run++)
        {
            var client = await RunAsync(Chunks.Random(with, random));
            client.AsSpan().SequenceEqual(without).ShouldBeTrue($"run {run}");
        }
    }

    // Each look whether it is the event's own member goes on to the event's end.
    [Theory]
    [InlineData("[")]
    [InlineData("{\"a\":{")]
    public async Task An_event_full_of_what_might_have_been_added_keeps_nobody_busy(string begin)
    {
        var stream = $"data: {begin}{string.Concat(Enumerable.Repeat("\"usage\":null,", 200_000))}\n\n";

        (await Task.Run(() => FilterAsync([Encoding.UTF8.GetBytes(stream)])).SoonAsync()).ShouldBe(stream);
    }

    [Theory]
    [InlineData("data: {\"choices\":[],\"usage\":{}}\n\n", "")]
    [InlineData("data: {\"usage\":{\"a\":[1]}, \"choices\":[ \n]}\n\n", "data: {\"usage\":{\"a\":[1]}, \"choices\":[ \n]}\n\n")]
    [InlineData("data: {\"choices\":[],\ndata: \"usage\":{}}\n\n", "")]
    [InlineData("data: {\"choices\":[{}],\ndata: \"usage\":null}\n\n", "data: {\"choices\":[{}],\ndata: \"usage\":null}\n\n")]
    [InlineData("event: x\n: c\ndata:{\"choices\":[],\"usage\":{}}\nid: 1\n\n: d\n\n", ": d\n\n")]
    [InlineData("data: {\"usage\":null}\n\n", "data: {}\n\n")]
    [InlineData("data: {\"usage\":null,\"a\":1}\n\n", "data: {\"a\":1}\n\n")]
    [InlineData("data: {\"a\":1,\"usage\":null}\n\n", "data: {\"a\":1}\n\n")]
    [InlineData("data: {\"choices\":[],\"usage\":null}\n\n", "data: {\"choices\":[]}\n\n")]
    [InlineData("data: { \"usage\" : null }\n\n", "data: {  }\n\n")]
    [InlineData("data: {\"a\":{\"usage\":null},\"usage\":null}\n\n", "data: {\"a\":{\"usage\":null}}\n\n")]
    [InlineData("data: {\"a\":{\"usage\":{}},\"usage\":null,\"b\":[{\"usage\":null}]}\n\n", "data: {\"a\":{\"usage\":{}},\"b\":[{\"usage\":null}]}\n\n")]
    [InlineData("data: {\"a\":1,\"usage\":null,\"b\":\"]}\\\"}\\\\\",\"c\":{}}\n\n", "data: {\"a\":1,\"b\":\"]}\\\"}\\\\\",\"c\":{}}\n\n")]
    [InlineData("data: {\"a\":1,\"usage\":null} \n\n", "data: {\"a\":1} \n\n")]
    [InlineData("data: {\"choices\":[],\"usage\":{}}\n\n\n", "\n")]
    [InlineData("data: {\"choices\":[]}\n\n", null)]
    [InlineData("data: {\"choices\":[{}],\"usage\":{},\"a\":[]}\n\n", null)]
    [InlineData("data: {\"choices\":[],\"usage\":1,\"a\":{\"usage\":{}}}\n\n", null)]
    [InlineData("data: {\"usage\":null,\"a\":1]\n\n", null)]
    [InlineData("data: {\"choices\":[],\"usage\":{}}}\n\n", null)]
    [InlineData("data: {\"a\":\"usage\",\"b\":\"x\\\"usage\"}\n\n", null)]
    [InlineData("data: {\"x\\\"usage\":null}\n\n", null)]
    [InlineData("data: {\"usage\":null,\"b\":\"x\\\n\n", null)]
    [InlineData("data: {\"usage\":nullable}\n\n", null)]
    [InlineData("data: {\"choices\":[{\"usage\":null}]}\n\n", null)]
    [InlineData("data: {\"choices\":[{}],\"usage\":{\"prompt_tokens\":1}}\n\n", null)]
    [InlineData("data: {\"choices\":[],\"usage\":1}\n\n", null)]
    [InlineData("data: {\"choices\":null,\"usage\":{}}\n\n", null)]
    [InlineData("data: {\"choices\":[],\"x\":{\"usage\":{}}}\n\n", null)]
    [InlineData("data: {\"choices\":[{}],\"a\":\"x,\\\"usage\\\":null\"}\n\n", null)]
    [InlineData("data: {\"choices\":[{}],\"usage\":nul}\n\n", null)]
    [InlineData("data: {\"choices\":[{}],\"usage\":null\n\n", null)]
    [InlineData("data: {\"choices\":[{}],\"usage\":null}}\n\n", null)]
    [InlineData("data: [{\"choices\":[],\"usage\":null}]\n\n", null)]
    [InlineData("data: \"usage\":null\n\n", null)]
    [InlineData("data: [DONE]\n\n: \"usage\":null\n\nretry: 3\n\n", null)]
    [InlineData("data: [DONE]", null)]
    [InlineData("\n\n\r\n\r\r", null)]
    public async Task Exactly_what_was_added_goes(string stream, string? expected)
    {
        var bytes = Encoding.UTF8.GetBytes(stream);
        for (var size = 1; size <= bytes.Length; size++)
        {
            (await FilterAsync(bytes.Chunk(size))).ShouldBe(expected ?? stream, $"in chunks of {size}");
        }
    }

    [Fact]
    public async Task A_return_that_comes_after_its_event_was_dropped_is_dropped_too()
    {
        (await FilterAsync([
            .. new[] { "data: a\r\n\r\ndata: {\"choices\":[],\"usage\":{}}\r\n\r", "\ndata: b\r\n\r", "\n" }.Select(Encoding.UTF8.GetBytes)]))
            .ShouldBe("data: a\r\n\r\ndata: b\r\n\r\n");
    }

    [Fact]
    public async Task Each_event_goes_out_with_its_flush_and_its_beginning_waits_for_the_rest()
    {
        using var client = new MemoryStream();
        using var filter = Over(client);

        await filter.Writer.WriteAsync("data: 1\n\ndata: "u8.ToArray());
        Text(client).ShouldBe("data: 1\n\n");
        await filter.Stream.WriteAsync("2\n\n"u8.ToArray());
        Text(client).ShouldBe("data: 1\n\ndata: 2\n\n");
        await filter.Writer.WriteAsync("data: 3"u8.ToArray());
        Text(client).ShouldBe("data: 1\n\ndata: 2\n\n");
        await filter.FinishAsync();
        Text(client).ShouldBe("data: 1\n\ndata: 2\n\ndata: 3");
        await filter.FinishAsync();
        Text(client).ShouldBe("data: 1\n\ndata: 2\n\ndata: 3");
    }

    [Theory]
    [InlineData(200, "application/json")]
    [InlineData(200, "text/event-streams")]
    [InlineData(200, null)]
    [InlineData(201, "text/event-stream")]
    [InlineData(429, "text/event-stream")]
    public async Task Other_answers_pass_untouched(int status, string? contentType)
    {
        const string answer = "data: {\"choices\":[],\"usage\":{}}\n\ndata: {";
        using var client = new MemoryStream();
        using var filter = Over(client, status, contentType, out var response);
        response.ContentLength = answer.Length;

        filter.Writer.Write(Encoding.UTF8.GetBytes(answer[..20]));
        await filter.Writer.WriteAsync(Encoding.UTF8.GetBytes(answer[20..]));

        (Text(client), response.ContentLength).ShouldBe((answer, answer.Length));
    }

    [Theory]
    [InlineData("gzip", true)]
    [InlineData("Identity", false)]
    public async Task A_stream_in_another_encoding_passes_untouched_and_at_once(string encoding, bool isUntouched)
    {
        var answer = "data: {\"choices\":[],\"usage\":{}}\n\ndata: {"u8.ToArray();
        using var client = new MemoryStream();
        using var filter = Over(client, 200, "text/event-stream", out var response);
        response.Headers.ContentEncoding = encoding;

        await filter.Writer.WriteAsync(answer);

        client.ToArray().ShouldBe(isUntouched ? answer : []);
    }

    [Theory]
    [InlineData("text/event-stream", false)]
    [InlineData("Text/Event-Stream ; charset=utf-8", false)]
    [InlineData("text/event-stream", true)]
    public async Task An_event_stream_has_no_announced_length(string contentType, bool isFlushed)
    {
        using var client = new MemoryStream();
        using var filter = Over(client, 200, contentType, out var response);
        response.ContentLength = 100;

        // Either sends the head.
        await (isFlushed ? filter.Writer.FlushAsync().AsTask() : filter.StartAsync());
        response.ContentLength.ShouldBeNull();
        await filter.Writer.WriteAsync("data: {\"choices\":[],\"usage\":{}}\n\n"u8.ToArray());

        (client.Length, response.ContentLength).ShouldBe((0, null));
    }

    [Fact]
    public async Task Memory_may_be_advanced_in_pieces()
    {
        using var client = new MemoryStream();
        using var filter = Over(client);

        filter.Writer.GetSpan(100_000).Length.ShouldBeGreaterThanOrEqualTo(100_000);
        "data: 1\n\ndata: 2\n\n"u8.CopyTo(filter.Writer.GetSpan(100));
        filter.Writer.Advance(4);
        filter.Writer.Advance(14);
        (filter.Writer.CanGetUnflushedBytes, filter.Writer.UnflushedBytes).ShouldBe((true, 18));
        await filter.Writer.FlushAsync();

        Text(client).ShouldBe("data: 1\n\ndata: 2\n\n");
        filter.Writer.UnflushedBytes.ShouldBe(0);
    }

    [Fact]
    public async Task The_end_of_the_writer_or_the_response_sends_the_rest()
    {
        using var one = new MemoryStream();
        using var byResponse = Over(one);
        byResponse.Writer.Write("data: 1"u8);
        await byResponse.CompleteAsync();
        Text(one).ShouldBe("data: 1");

        using var other = new MemoryStream();
        using var byWriter = Over(other);
        byWriter.Writer.Write("data: 2"u8);
        await byWriter.Writer.CompleteAsync();
        Text(other).ShouldBe("data: 2");
    }

    [Fact]
    public async Task What_the_endpoint_says_of_its_answer_reaches_the_client()
    {
        var client = new PipedBody();
        using var filter = Over(client, 200, "text/event-stream", out _);

        filter.DisableBuffering();
        client.IsUnbuffered.ShouldBeTrue();
        await Should.ThrowAsync<OperationCanceledException>(async () => await filter.Writer.FlushAsync(new CancellationToken(canceled: true)));
        filter.Writer.CancelPendingFlush();
        (await filter.Writer.FlushAsync()).IsCanceled.ShouldBeTrue();
        var failure = new InvalidOperationException("Not today.");
        filter.Writer.Complete(failure);
        (await Should.ThrowAsync<InvalidOperationException>(async () => await client.Reader.ReadAsync())).ShouldBeSameAs(failure);
    }

    [Theory]
    [InlineData(0L, null, "data: 1\n\ndata: 2\n\n")]
    [InlineData(9L, null, "data: 2\n\n")]
    [InlineData(9L, 9L, "data: 2\n\n")]
    [InlineData(0L, 9L, "data: 1\n\n")]
    public async Task The_events_of_a_file_are_filtered_too(long offset, long? count, string expected)
    {
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("events");
        await File.WriteAllTextAsync(path, "data: 1\n\ndata: 2\n\ndata: {\"choices\":[],\"usage\":{}}\n\n");
        var client = new PipedBody();
        using var filter = Over(client, 200, "text/event-stream", out _);

        await filter.SendFileAsync(path, offset, count);
        await filter.CompleteAsync();

        Encoding.UTF8.GetString((await client.Reader.ReadAtLeastAsync(1_000)).Buffer).ShouldBe(expected);
    }

    [Fact]
    public async Task Who_disposes_the_stream_has_not_ended_the_answer()
    {
        using var client = new MemoryStream();
        using var filter = Over(client);

        await using (filter.Stream)
        {
            await filter.Stream.WriteAsync("data: 1"u8.ToArray());
        }

        await filter.Writer.WriteAsync("\n\n"u8.ToArray());

        Text(client).ShouldBe("data: 1\n\n");
    }

    private static async Task<string> FilterAsync(IEnumerable<byte[]> chunks) => Encoding.UTF8.GetString(await RunAsync(chunks));

    private static async Task<byte[]> RunAsync(IEnumerable<byte[]> chunks)
    {
        using var client = new MemoryStream();
        using var filter = Over(client);
        foreach (var chunk in chunks)
        {
            await filter.Writer.WriteAsync(chunk);
        }

        await filter.FinishAsync();
        return client.ToArray();
    }

    private static string Text(MemoryStream client) => Encoding.UTF8.GetString(client.ToArray());

    private static UsageFilter Over(Stream client) => Over(client, 200, "text/event-stream", out _);

    private static UsageFilter Over(Stream client, int status, string? contentType, out HttpResponse response) =>
        Over(new StreamResponseBodyFeature(client), status, contentType, out response);

    private static UsageFilter Over(IHttpResponseBodyFeature client, int status, string? contentType, out HttpResponse response)
    {
        response = new DefaultHttpContext().Response;
        response.StatusCode = status;
        response.ContentType = contentType;
        return new UsageFilter(response, client);
    }
}
