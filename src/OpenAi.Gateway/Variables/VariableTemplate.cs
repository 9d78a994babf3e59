using System.Text.RegularExpressions;

namespace OpenAi.Gateway;

/// <summary>A text with variables in it, <c>$name</c> or <c>${name}</c>, parsed once.</summary>
internal sealed partial class VariableTemplate
{
    private readonly Part[] _parts;

    private VariableTemplate(Part[] parts)
    {
        _parts = parts;
        IsLiteral = Array.TrueForAll(parts, part => part.Variable is null);
    }

    /// <summary>Whether it has no variable, so that it is one text for all requests.</summary>
    public bool IsLiteral { get; }

    /// <summary>Parses <paramref name="text"/>.</summary>
    /// <exception cref="FormatException">A variable is unknown; the message lists the known ones.</exception>
    public static VariableTemplate Parse(string text) => Parse(text, RequestVariables.Find);

    /// <summary>Parses <paramref name="text"/>, whose variables have a meaning of their own.</summary>
    /// <param name="text">The text.</param>
    /// <param name="find">Finds the reader of a variable, or <see langword="null"/> when the word is unknown.</param>
    /// <exception cref="FormatException">A variable is unknown; the message lists the known ones.</exception>
    public static VariableTemplate Parse(string text, Func<string, Func<GatewayRequest, string?>?> find)
    {
        var parts = new List<Part>();
        var position = 0;
        foreach (Match match in Variable().Matches(text))
        {
            AddLiteral(match.Index);
            var word = match.Groups["name"].Value;
            parts.Add(new Part(null, find(word) ?? throw Unknown(word)));
            position = match.Index + match.Length;
        }

        AddLiteral(text.Length);
        return new VariableTemplate([.. parts]);

        void AddLiteral(int end)
        {
            if (end > position)
            {
                parts.Add(new Part(text[position..end], null));
            }
        }
    }

    public static FormatException Unknown(string word) =>
        new($"'{word}' is not a known variable. Known are: {RequestVariables.Words}.");

    /// <summary>The text for one request, or <see langword="null"/> when none of its variables has a value.</summary>
    public string? Format(GatewayRequest request)
    {
        if (_parts is [{ Variable: { } only }])
        {
            return only(request);
        }

        var texts = new string?[_parts.Length];
        var hasValue = IsLiteral;
        for (var i = 0; i < _parts.Length; i++)
        {
            texts[i] = _parts[i].Literal ?? _parts[i].Variable!(request);
            hasValue |= _parts[i].Literal is null && !string.IsNullOrWhiteSpace(texts[i]);
        }

        return hasValue ? string.Concat(texts) : null;
    }

    [GeneratedRegex(@"\$(?:\{(?<name>\w+)\}|(?<name>\w+))")]
    private static partial Regex Variable();

    private readonly record struct Part(string? Literal, Func<GatewayRequest, string?>? Variable);
}
