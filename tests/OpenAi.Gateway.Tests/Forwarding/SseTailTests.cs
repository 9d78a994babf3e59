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
            var tail = new SseTail();
            foreach (var chunk in Encoding.UTF8.GetBytes(stream).Chunk(size))
            {
                tail.Append(chunk);
            }

            tail.IsBetweenEvents.ShouldBe(isBetweenEvents, $"in pieces of {size}");
            tail.IsDone.ShouldBe(isDone, $"in pieces of {size}");
        }
    }
}
