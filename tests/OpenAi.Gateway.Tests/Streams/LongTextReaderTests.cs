using System.Text;
using System.Text.Json;

namespace OpenAi.Gateway.Tests.Streams;

public class LongTextReaderTests
{
    private static readonly string[] Pieces = ["x", "\\n", "\\\\", "\\\"", "\\u00fc", "ü", ",", "{\\\"a\\\":1}", " "];
    private static readonly string[] Plain = ["x", "ü", ",", " "];

    public static TheoryData<string> LongTexts => [new string('x', 2_000), "\\n" + new string('x', 300)];

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
        foreach (var text in LongTexts)
        {
            var bytes = Encoding.UTF8.GetBytes(json.Replace("TEXT", text.Data));

            Should.Throw<JsonException>(() => TokensOfFramework(bytes));
            Should.Throw<JsonException>(() => Tokens(bytes));
        }
    }

    [Theory]
    [MemberData(nameof(LongTexts))]
    public void A_text_that_is_wanted_is_read(string text)
    {
        var json = Encoding.UTF8.GetBytes($"{{\"a\":\"{text}\"}}");
        var reader = new LongTextReader(json, isFinalBlock: true, default);
        reader.Read();
        reader.Read();

        reader.Read(wantsText: true).ShouldBeTrue();

        (reader.Token.GetString(), reader.Value.Length, reader.IsLongText).ShouldBe((text.Replace("\\n", "\n"), text.Length, false));
    }

    // No word that the gateway keeps is as long.
    [Theory]
    [InlineData(1_024, "", false)]
    [InlineData(1_025, "", true)]
    [InlineData(254, "\\n", false)]
    [InlineData(255, "\\n", true)]
    public void A_text_is_stepped_over_when_it_is_long(int length, string before, bool isSteppedOver)
    {
        var json = Encoding.UTF8.GetBytes($"{{\"a\":\"{before}{new string('x', length)}\",\"b\":1}}");
        var reader = new LongTextReader(json, isFinalBlock: true, default);
        reader.Read();
        reader.Read();

        reader.Read().ShouldBeTrue();

        (reader.IsLongText, reader.Value.Length).ShouldBe((isSteppedOver, before.Length + length));
    }

    [Theory]
    [MemberData(nameof(LongTexts))]
    public void A_long_text_whose_end_is_not_here_yet_is_left(string text)
    {
        var json = Encoding.UTF8.GetBytes($"{{\"a\": \"{text}");
        var reader = new LongTextReader(json, isFinalBlock: false, default);
        reader.Read();
        reader.Read();

        reader.Read().ShouldBeFalse();

        (reader.IsBeforeOpenText, reader.Consumed).ShouldBe((true, "{\"a\":".Length));
    }

    // As an answer in chunks is read: what the first part leaves is read again with the rest.
    [Fact]
    public void It_gives_the_same_tokens_wherever_the_text_is_cut()
    {
        string[] texts = [new('x', 1_030), "\\n" + new string('x', 260), new string('x', 250) + "\\\\\\\"" + new string('ü', 20), new('x', 300), "\\\\", ""];
        var members = texts.Select((text, i) => $"\"{i}\":{(i % 2 == 0 ? new string('\n', 270 * i / 4) : "")}\"{text}\",\"n{i}\":-{i}.5");
        var vector = string.Join(',', Enumerable.Repeat("-0.012345678", 90));
        var json = Encoding.UTF8.GetBytes($"{{{string.Join(" ,\t", members)},\"v\":[{vector}],\"last\":[\"{texts[0]}\",{{\"a\":\"{texts[2]}\"}}],\"z\":\"{texts[1]}\"}} ");
        var whole = TokensOfFramework(json);
        for (var cut = 0; cut <= json.Length; cut++)
        {
            var state = new JsonReaderState(new JsonReaderOptions { MaxDepth = 64 });
            var tokens = Tokens(json.AsSpan(0, cut), isFinalBlock: false, 0, ref state, out var consumed);
            tokens.AddRange(Tokens(json.AsSpan(consumed), isFinalBlock: true, consumed, ref state, out _));

            tokens.SequenceEqual(whole).ShouldBeTrue($"cut at {cut}");
        }
    }

    private static List<string> Tokens(byte[] json)
    {
        var state = new JsonReaderState(new JsonReaderOptions { MaxDepth = 64 });
        return Tokens(json, isFinalBlock: true, 0, ref state, out _);
    }

    private static List<string> Tokens(ReadOnlySpan<byte> json, bool isFinalBlock, int begin, ref JsonReaderState state, out int consumed)
    {
        var tokens = new List<string>();
        var reader = new LongTextReader(json, isFinalBlock, state);
        while (reader.Read())
        {
            tokens.Add($"{reader.Token.TokenType} {reader.Token.CurrentDepth} {begin + reader.TokenStart} {begin + reader.Consumed} {Encoding.UTF8.GetString(reader.Value)}");
        }

        (state, consumed) = (reader.Token.CurrentState, reader.Consumed);
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

    // Around the lengths from which on a text is stepped over, too.
    private static string Text(Random random)
    {
        var pieces = random.Next(3) == 0 ? Plain : Pieces;
        var most = random.Next(4) switch { 0 => 1_200, 1 => 200, _ => 5 };
        return '"' + string.Concat(Enumerable.Range(0, random.Next(most)).Select(_ => pieces[random.Next(pieces.Length)])) + '"';
    }
}
