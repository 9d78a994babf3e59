using System.Buffers;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace OpenAi.Gateway;

/// <summary>
/// A path for the upstream with route values in it, such as <c>/v1/models/{model}</c> or <c>/v1/{**rest}?api-version=1</c>, parsed once.
/// </summary>
internal sealed partial class PathTemplate
{
    private static readonly SearchValues<char> Forbidden = SearchValues.Create("{}# \r\n");

    private readonly string _text;
    private readonly bool _hasQuery;
    private readonly string[] _valueNames;

    private PathTemplate(string text)
    {
        _text = text;
        _valueNames = [.. RouteValue().Matches(text).Select(match => match.Groups["name"].Value)];
        Fixed = _valueNames.Length == 0 ? text : null;
        _hasQuery = text.Contains('?', StringComparison.Ordinal);
    }

    /// <summary>The path of every request without a query of its own; <see langword="null"/> when it depends on route values.</summary>
    public string? Fixed { get; }

    /// <exception cref="ArgumentException">The path does not begin with a slash, or has a brace without its partner.</exception>
    public static PathTemplate Parse(string path)
    {
        if (!path.StartsWith('/'))
        {
            throw new ArgumentException($"RewritePath '{path}' must begin with '/', for example \"/v1/completions\".", nameof(path));
        }

        if (RouteValue().Replace(path, "").AsSpan().ContainsAny(Forbidden))
        {
            throw new ArgumentException(
                $"RewritePath '{path}' is not a path. Write route values as {{name}} or {{**name}}, and escape other braces, '#' and spaces.",
                nameof(path));
        }

        return new PathTemplate(path);
    }

    /// <exception cref="InvalidOperationException">The pattern lacks a value that the path needs.</exception>
    public void CheckValues(RoutePattern pattern)
    {
        if (Array.Find(_valueNames, name => pattern.GetParameter(name) is null) is { } missing)
        {
            throw new InvalidOperationException(
                $"RewritePath '{_text}' uses {{{missing}}}, which the route's pattern does not have: '{pattern.RawText}'. Correct the name.");
        }
    }

    /// <summary>The path and query for one request: the client's own query follows the template's.</summary>
    public string Format(HttpContext context)
    {
        var path = Fixed ?? Filled(context);
        var query = context.Request.QueryString.Value;
        return query is not { Length: > 1 } ? path : _hasQuery ? $"{path}&{query.AsSpan(1)}" : path + query;
    }

    private string Filled(HttpContext context) => RouteValue().Replace(_text, match =>
    {
        var value = Convert.ToString(context.GetRouteValue(match.Groups["name"].Value), CultureInfo.InvariantCulture) ?? "";
        return value.Contains("%2F", StringComparison.OrdinalIgnoreCase) && Written(value, context.Request) is { } written ? written : Escape(value);
    });

    // A catch-all value spans segments, so its slashes stay; an escaped slash is the one escape that routing leaves in a value.
    private static string Escape(string value) =>
        string.Join('/', value.Split('/').Select(Uri.EscapeDataString)).Replace("%252F", "%2F", StringComparison.OrdinalIgnoreCase);

    // A slash that was escaped twice looks the same in a value as one that was escaped once: the client's own path tells which it was.
    private static string? Written(string value, HttpRequest request)
    {
        if (RouteSettings.WrittenPath(request) is not { } path)
        {
            return null;
        }

        var segments = value.Split('/');
        var at = PathString.FromUriComponent(path).Value!.Split('/').AsSpan().LastIndexOf(segments);
        return at < 0 ? null : string.Join('/', path.Split('/')[at..(at + segments.Length)]);
    }

    [GeneratedRegex(@"\{\*{0,2}(?<name>\w+)\}")]
    private static partial Regex RouteValue();
}
