using System.Text;

namespace OpenAi.Gateway.Tests.Forwarding;

public class SseTailTests
{
    [Theory]
    [InlineData("", true, false)]
    [InlineData("data: {}\n\n", true, false)]
    [InlineData("data: {}\r\n\r\n", true, false)]
    [InlineData("data: {}\n", false, false)]
    [InlineData("data: {\"text\":\"cut o", false, false)]
    [InlineData("data: {}\n\ndata: [DONE]\n\n", true, true)]
    [InlineData("data: {}\n\ndata: [DONE]", false, true)]
    public void It_knows_the_end_of_a_stream_however_it_was_split(string stream, bool isBetweenEvents, bool isDone)
    {
        for (var size = 1; size <= stream.Length + 1; size++)
        {
            var tail = new SseTail(isNamed: false);
            foreach (var chunk in Encoding.UTF8.GetBytes(stream).Chunk(size))
            {
                tail.Append(chunk);
            }

            tail.IsBetweenEvents.ShouldBe(isBetweenEvents, $"in pieces of {size}");
            tail.IsDone.ShouldBe(isDone, $"in pieces of {size}");
        }
    }

    [Theory]
    [InlineData("event: response.completed\ndata: {}\n\n", true, false)]
    [InlineData("event: response.created\ndata: {}\n\nevent: response.completed\ndata: {\"a\":\"long enough to be far away\"}\n\n", true, false)]
    [InlineData("data: {}\r\n\r\nevent:response.incomplete\r\ndata: {}\r\n\r\n", true, false)]
    [InlineData("data: {}\n\nevent: response.failed\ndata: {\"a\":\"long enough to be far away\"}\n\n", true, true)]
    [InlineData("event: error\ndata: {}\n\n", true, true)]
    [InlineData("event: response.completed\ndata: {}\n", false, false)]
    [InlineData("event: response.completed\ndata: {\"cut", false, false)]
    [InlineData("event: response.complete", false, false)]
    [InlineData("event: response.created\ndata: {\"a\":\"\\nevent: error\\n\"}\n\n", false, false)]
    [InlineData("event: response.completed\ndata: {}\n\nevent: response.output_text.delta\ndata: {}\n\n", false, false)]
    [InlineData("data: event: error\n\n", false, false)]
    [InlineData("data: {}\n\ndata: [DONE]", true, false)]
    public void It_knows_the_event_that_ends_a_stream_by_its_name(string stream, bool isDone, bool hasFailed)
    {
        for (var size = 1; size <= stream.Length + 1; size++)
        {
            var tail = new SseTail(isNamed: true);
            foreach (var chunk in Encoding.UTF8.GetBytes(stream).Chunk(size))
            {
                tail.Append(chunk);
            }

            (tail.IsDone, tail.HasFailed).ShouldBe((isDone, hasFailed), $"in pieces of {size}");
        }
    }

    [Theory]
    [InlineData("data: {\"sequence_number\":7}\n\n", 7)]
    [InlineData("data: {\"sequence_number\": 1234567890,\"a\":\"long enough to be far away from the end\"}\n\n", 1234567890)]
    [InlineData("data: {\"sequence_number\":1}\n\ndata: {\"a\":\"\\\"sequence_number\\\":9\",\"sequence_number\":23}\n\ndata: {}\n\n", 23)]
    [InlineData("data: {\"sequence_number\":null}\n\n", 0)]
    [InlineData("data: {}\n\n", 0)]
    public void It_knows_the_number_of_the_last_event_that_has_one(string stream, long number)
    {
        for (var size = 1; size <= stream.Length + 1; size++)
        {
            var tail = new SseTail(isNamed: true);
            foreach (var chunk in Encoding.UTF8.GetBytes(stream).Chunk(size))
            {
                tail.Append(chunk);
            }

            tail.LastNumber.ShouldBe(number, $"in pieces of {size}");
        }
    }
}
