using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>
/// The strings of words that come again and again, such as the names of models: to know one again takes less than to make it anew. Few and
/// short, whatever clients and upstreams send; a word that is not there is made.
/// </summary>
internal static class KnownWords
{
    private const int Places = 64;
    private const int MaxLength = 64;

    private static readonly Word?[] Words = new Word?[Places];

    /// <summary>The string at which a reader stands.</summary>
    /// <exception cref="InvalidOperationException">It is no Unicode.</exception>
    public static string Get(ref Utf8JsonReader json)
    {
        var text = json.ValueSpan;
        if (text.Length is 0 or > MaxLength || json.ValueIsEscaped)
        {
            return json.GetString()!;
        }

        ref var place = ref Words[((text.Length * 31) + text[0] + (text[^1] * 7) + (text[text.Length / 2] * 13)) % Places];
        if (Volatile.Read(ref place) is { } known && text.SequenceEqual(known.Utf8))
        {
            return known.Text;
        }

        var word = new Word(json.GetString()!, text.ToArray());
        Volatile.Write(ref place, word);
        return word.Text;
    }

    private sealed record Word(string Text, byte[] Utf8);
}
