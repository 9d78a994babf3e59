using System.Text;
using System.Text.Json;

namespace OpenAi.Gateway.Tests.Streams;

public class KnownWordsTests
{
    private static readonly string[] Letters = ["a", "!", "ü", "\\u0061", "\\n"];

    // Many of them share their place, their length and their first, middle and last letter.
    [Fact]
    public void Each_word_is_itself_however_alike_they_are()
    {
        var words = Letters.SelectMany(_ => Letters, string.Concat).ToArray();
        words = [.. words.SelectMany(_ => words, string.Concat).SelectMany(_ => Letters, string.Concat)];
        words = [.. words, "", .. Letters, .. Enumerable.Range(60, 10).SelectMany(length => new[] { new string('x', length), new string('x', length) + "y" })];
        foreach (var word in words)
        {
            var json = Encoding.UTF8.GetBytes($"\"{word}\"");
            for (var round = 0; round < 2; round++)
            {
                var reader = new Utf8JsonReader(json);
                reader.Read();
                KnownWords.Get(ref reader).ShouldBe(JsonSerializer.Deserialize<string>(json));
            }
        }
    }
}
