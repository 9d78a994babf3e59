using System.Text;
using System.Text.Json;

namespace OpenAi.Gateway.Tests.Streams;

public class LongTextReaderTests
{
    private const int Length = 2_000;

    private static readonly string[] Pieces = ["x", "\\n", "\\\\", "\\\"", "\\u00fc", "ü", ",", "{\\\"a\\\":1}", " "];

    [Fact]
    public void It_gives_the_tokens_of_the_frameworks_reader()
    {
        var random = new Random(11);
        for (var run = 0; run < 2_000; run++)
        {
            var json = Encoding.UTF8.GetBytes(Value(random, depth: 0));
            Tokens(json).ShouldBe(TokensOfFramework(json));
        }
    }

    [Theory]
    [InlineData("{\"a\":\"TEXT\"")]
    [InlineData("{\"a\":\"TEXT")]
    [InlineData("{\"a\":\"TEXT\\\"}")]
    [InlineData("{\"a\":\"TEXT\" \"b\":1}")]
    [InlineData("{\"a\":\"TEXT\"}}")]
    [InlineData("{\"a\":[\"TEXT\"}")]
    [InlineData("{\"a\":\"TEXT\",}")]
    [InlineData("{\"TEXT\"}")]
    public void What_is_no_JSON_is_refused_as_ever(string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json.Replace("TEXT", new string('x', Length)));

        Should.Throw<JsonException>(() => TokensOfFramework(bytes));
        Should.Throw<JsonException>(() => Tokens(bytes));
    }

    [Fact]
    public void A_text_that_is_wanted_is_read()
    {
        var json = Encoding.UTF8.GetBytes("{\"a\":\"" + new string('x', Length) + "\"}");
        var reader = new LongTextReader(json, isFinalBlock: true, default);
        reader.Read();
        reader.Read();

        reader.Read(wantsText: true).ShouldBeTrue();

        (reader.Token.GetString()!.Length, reader.Value.Length, reader.IsLongText).ShouldBe((Length, Length, false));
    }

    [Fact]
    public void A_long_text_whose_end_is_not_here_yet_is_left()
    {
        var json = Encoding.UTF8.GetBytes("{\"a\": \"" + new string('x', Length));
        var reader = new LongTextReader(json, isFinalBlock: false, default);
        reader.Read();
        reader.Read();

        reader.Read().ShouldBeFalse();

        (reader.IsBeforeOpenText, reader.Consumed).ShouldBe((true, "{\"a\":".Length));
    }

    private static List<string> Tokens(byte[] json)
    {
        var tokens = new List<string>();
        var reader = new LongTextReader(json, isFinalBlock: true, new JsonReaderState(new JsonReaderOptions { MaxDepth = 64 }));
        while (reader.Read())
        {
            tokens.Add($"{reader.Token.TokenType} {reader.Token.CurrentDepth} {reader.TokenStart} {reader.Consumed} {Encoding.UTF8.GetString(reader.Value)}");
        }

        return tokens;
    }

    private static List<string> TokensOfFramework(byte[] json)
    {
        var tokens = new List<string>();
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            tokens.Add($"{reader.TokenType} {reader.CurrentDepth} {reader.TokenStartIndex} {reader.BytesConsumed} {Encoding.UTF8.GetString(reader.ValueSpan)}");
        }

        return tokens;
    }

    private static string Value(Random random, int depth) => random.Next(depth > 3 ? 3 : 5) switch
    {
        0 => "1.5e3",
        1 => "null",
        2 => Text(random),
        3 => "[" + string.Join(" , ", Enumerable.Range(0, random.Next(4)).Select(_ => Value(random, depth + 1))) + "]",
        _ => "{ " + string.Join(",", Enumerable.Range(0, random.Next(4)).Select(_ => $"{Text(random)} :\n {Value(random, depth + 1)}")) + "}",
    };

    // Around the length from which on a text is stepped over, too.
    private static string Text(Random random) =>
        '"' + string.Concat(Enumerable.Range(0, random.Next(random.Next(3) == 0 ? 900 : 5)).Select(_ => Pieces[random.Next(Pieces.Length)])) + '"';
}
