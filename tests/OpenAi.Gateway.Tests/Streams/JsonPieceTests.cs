using System.Buffers;
using System.Text;
using System.Text.Json;

namespace OpenAi.Gateway.Tests.Streams;

public class JsonPieceTests
{
    [Theory]
    [InlineData("gpt-6-luna")]
    [InlineData("a\"b\\c\n/ü中")]
    [InlineData("")]
    public void A_quoted_text_is_read_as_it_was(string text) => JsonSerializer.Deserialize<string>(JsonPiece.Quoted(text)).ShouldBe(text);

    [Fact]
    public void A_member_is_written_as_it_stood()
    {
        var json = Encoding.UTF8.GetBytes("{\"a\\\"\\u0062\\n\": [1, {\"x\" : 1.50}] ,\"c\":2}");
        var reader = new Utf8JsonReader(json);
        reader.Read();
        reader.Read();
        var name = JsonPiece.NameOf(reader);
        reader.Read();
        var writer = new ArrayBufferWriter<byte>();

        JsonPiece.WriteMember(writer, name, JsonPiece.ValueOf(ref reader, json));

        Encoding.UTF8.GetString(writer.WrittenSpan).ShouldBe(",\"a\\\"\\u0062\\n\":[1, {\"x\" : 1.50}]");
    }
}
