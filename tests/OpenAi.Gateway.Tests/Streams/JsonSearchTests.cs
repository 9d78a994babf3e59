using System.Text;
using System.Text.Json;

namespace OpenAi.Gateway.Tests.Streams;

public class JsonSearchTests
{
    private static readonly string[] Names = ["usage", "x", "\\\"usage", "\\\\", "usage2", "us\\u0061ge"];
    private static readonly string[] Texts = ["usage", "x", "\\\"usage\\\":", "\\\\", "a,\\\"usage\\\" : 1", "null", ""];
    private static readonly string[] Gaps = ["", "", " ", "\t", "\r\n", " \n \t"];

    [Fact]
    public void A_member_is_found_where_a_reader_finds_it()
    {
        var random = new Random(3);
        for (var run = 0; run < 5_000; run++)
        {
            var json = Encoding.UTF8.GetBytes(Value(random, depth: 0));

            var value = JsonSearch.ValueOf(json, "\"usage\""u8, out var name);

            (value < 0 ? -1 : name, value).ShouldBe(Expected(json), Encoding.UTF8.GetString(json));
            Encoding.UTF8.GetString(JsonSearch.MemberOf(json, "\"usage\""u8)).ShouldBe(ExpectedMember(json), Encoding.UTF8.GetString(json));
        }
    }

    [Theory]
    [InlineData("\"usage\"", -1)]
    [InlineData("\"usage\":", 8)]
    [InlineData("\"usage\" ", -1)]
    [InlineData("\"usage\" : ", 10)]
    [InlineData("\"usage\"\"usage\":1", 15)]
    [InlineData("x\"usage\":1", 9)]
    [InlineData("\\\"usage\":1", -1)]
    [InlineData("", -1)]
    public void A_search_in_a_piece_of_JSON_stays_inside_of_it(string json, int expected) =>
        JsonSearch.ValueOf(Encoding.UTF8.GetBytes(json), "\"usage\""u8, out _).ShouldBe(expected);

    [Theory]
    [InlineData("[{\"usage\":1}]")]
    [InlineData("[\"usage\":1]")]
    [InlineData("{\"usage\":")]
    [InlineData("{\"usage\":1x")]
    [InlineData("{\"\\ud800\":1,\"usage\":1}")]
    [InlineData("{\"usage\":null}")]
    public void What_is_no_object_or_has_no_such_member_gives_none(string json) =>
        JsonSearch.MemberOf(Encoding.UTF8.GetBytes(json), "\"usage\""u8).IsEmpty.ShouldBeTrue();

    [Fact]
    public void A_text_ends_at_the_first_quote_that_is_not_escaped()
    {
        for (var length = 0; length <= 9; length++)
        {
            for (var choice = 0; choice < Math.Pow(3, length); choice++)
            {
                var text = new byte[length];
                for (var (i, rest) = (0, choice); i < length; i++, rest /= 3)
                {
                    text[i] = "x\\\""u8[rest % 3];
                }

                var (end, isEscaped) = (-1, false);
                for (var i = 0; i < length && end < 0; i++)
                {
                    end = text[i] == '"' && !isEscaped ? i : -1;
                    isEscaped = text[i] == '\\' && !isEscaped;
                }

                JsonSearch.EndOfText(text).ShouldBe(end, Encoding.UTF8.GetString(text));
            }
        }
    }

    [Theory]
    [InlineData("{", true)]
    [InlineData(" \t\r\n[1]", true)]
    [InlineData("\uFEFF{}", false)]
    [InlineData("x{", false)]
    [InlineData("\"{\"", false)]
    [InlineData(" ", false)]
    [InlineData("", false)]
    public void What_begins_with_a_brace_or_a_bracket_looks_like_JSON(string text, bool expected) =>
        JsonSearch.LooksLikeJson(Encoding.UTF8.GetBytes(text)).ShouldBe(expected);

    private static (int Name, int Value) Expected(byte[] json)
    {
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueSpan.SequenceEqual("usage"u8))
            {
                var name = (int)reader.TokenStartIndex;
                reader.Read();
                return (name, (int)reader.TokenStartIndex);
            }
        }

        return (-1, -1);
    }

    // Names in escapes are found in an object that has the plain one, too.
    private static string ExpectedMember(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        var isObject = document.RootElement.ValueKind == JsonValueKind.Object && Expected(json).Value >= 0;
        var members = isObject ? document.RootElement.EnumerateObject().Where(member => member.NameEquals("usage"u8)).Select(member => member.Value) : [];
        return members.FirstOrDefault(value => value.ValueKind != JsonValueKind.Null) is { ValueKind: not JsonValueKind.Undefined } found ? found.GetRawText() : "";
    }

    private static string Value(Random random, int depth) => random.Next(depth > 3 ? 3 : 7) switch
    {
        0 => "1.5e3",
        1 => "null",
        2 => $"\"{Texts[random.Next(Texts.Length)]}\"",
        3 => $"[{string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => Gap(random) + Value(random, depth + 1) + Gap(random)))}]",
        _ => $"{{{string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => Member(random, depth + 1)))}{Gap(random)}}}",
    };

    private static string Member(Random random, int depth) =>
        $"{Gap(random)}\"{Names[random.Next(Names.Length)]}\"{Gap(random)}:{Gap(random)}{Value(random, depth)}{Gap(random)}";

    private static string Gap(Random random) => Gaps[random.Next(Gaps.Length)];
}
