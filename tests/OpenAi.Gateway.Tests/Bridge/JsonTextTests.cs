using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace OpenAi.Gateway.Tests.Bridge;

public class JsonTextTests
{
    [Theory]
    [InlineData("", 0)]
    [InlineData("abc", 3)]
    [InlineData("é😀", 2)]
    [InlineData("\\n\\\"\\\\u", 4)]
    [InlineData("\\u00e9x", 2)]
    [InlineData("\\ud83d\\ude00", 1)]
    [InlineData("\\uD83D\\uDE00\\uD83D", 2)]
    [InlineData("\\ud83dabcdef", 7)]
    [InlineData("\\ude00\\ud83d", 2)]
    [InlineData("\\ud83d\\n", 2)]
    public void Code_points_are_counted_through_escapes(string escaped, int expected) =>
        JsonText.CodePoints(Encoding.UTF8.GetBytes(escaped)).ShouldBe(expected);

    [Fact]
    public void Any_text_counts_as_many_code_points_as_it_has()
    {
        Prop.ForAll<string>(text =>
        {
            var valid = string.Concat((text ?? "").EnumerateRunes().Select(rune => rune.ToString()));
            return JsonText.CodePoints(JsonEncodedText.Encode(valid).EncodedUtf8Bytes) == valid.EnumerateRunes().Count();
        }).QuickCheckThrowOnFailure();
    }
}
