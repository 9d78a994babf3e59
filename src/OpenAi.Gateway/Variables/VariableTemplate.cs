using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>A text with variables in it, <c>$name</c> or <c>${name}</c>, parsed once.</summary>
internal sealed partial class VariableTemplate
{
    private readonly Func<HttpContext, string?>[] _parts;

    private VariableTemplate(Func<HttpContext, string?>[] parts) => _parts = parts;

    /// <summary>Parses <paramref name="text"/>.</summary>
    /// <exception cref="FormatException">A variable is unknown; the message lists the known ones.</exception>
    public static VariableTemplate Parse(string text)
    {
        var parts = new List<Func<HttpContext, string?>>();
        var position = 0;
        foreach (Match match in Variable().Matches(text))
        {
            AddLiteral(match.Index);
            var word = match.Groups["name"].Value;
            parts.Add(RequestVariables.Find(word) ?? throw Unknown(word));
            position = match.Index + match.Length;
        }

        AddLiteral(text.Length);
        return new VariableTemplate([.. parts]);

        void AddLiteral(int end)
        {
            if (end > position)
            {
                var literal = text[position..end];
                parts.Add(_ => literal);
            }
        }
    }

    public static FormatException Unknown(string word) =>
        new($"'{word}' is not a known variable. Known are: {RequestVariables.Words}.");

    /// <summary>The text for one request; a variable without a value is an empty text.</summary>
    public string? Format(HttpContext context) => _parts.Length switch
    {
        1 => _parts[0](context),
        _ => string.Concat(Array.ConvertAll(_parts, part => part(context))),
    };

    [GeneratedRegex(@"\$(?:\{(?<name>\w+)\}|(?<name>\w+))")]
    private static partial Regex Variable();
}
