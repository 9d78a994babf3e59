using System.Buffers;
using System.Globalization;

namespace OpenAi.Gateway;

/// <summary>
/// Reads times as Go writes them, and OpenAI in its rate limit headers: <c>12ms</c>, <c>1s</c>, <c>6m0s</c>, <c>1h2m3.5s</c>. A number alone means seconds.
/// </summary>
internal static class GoDuration
{
    private const double Longest = 1e9;

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    /// <summary>The time, or <see langword="null"/> when the text is none.</summary>
    public static TimeSpan? Parse(string? text)
    {
        var rest = text.AsSpan().Trim();
        var isNumber = !rest.ContainsAnyExcept(NumberCharacters);
        var seconds = 0.0;
        if (rest.IsEmpty)
        {
            return null;
        }

        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(NumberCharacters);
            digits = digits < 0 ? rest.Length : digits;
            if (!double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return null;
            }

            rest = rest[digits..];
            var letters = rest.IndexOfAnyInRange('0', '9');
            var unit = letters < 0 ? rest : rest[..letters];
            if (SecondsOf(unit) is not { } length || (unit.IsEmpty && !isNumber))
            {
                return null;
            }

            seconds += number * length;
            rest = rest[unit.Length..];
        }

        return TimeSpan.FromSeconds(Math.Min(seconds, Longest));
    }

    private static double? SecondsOf(ReadOnlySpan<char> unit) => unit switch
    {
        "h" => 3600,
        "m" => 60,
        "s" or "" => 1,
        "ms" => 1e-3,
        "us" or "\u00b5s" or "\u03bcs" => 1e-6,
        "ns" => 1e-9,
        _ => null,
    };
}
