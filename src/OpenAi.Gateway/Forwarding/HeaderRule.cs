using System.Buffers;
using Microsoft.Net.Http.Headers;

namespace OpenAi.Gateway;

/// <summary>One change to the headers of an upstream request. Not a record: to log one would show its value, which may be a key.</summary>
internal sealed class HeaderRule
{
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private HeaderRule(string name, string? value, bool keepsOthers)
    {
        if (!IsToken(name))
        {
            throw new ArgumentException($"'{name}' is not the name of a header (RFC 9110, 5.1).", nameof(name));
        }

        if (value is not null && value.AsSpan().ContainsAny('\r', '\n', '\0'))
        {
            // The value may be a secret: it is not repeated here.
            throw new ArgumentException($"The value of the header '{name}' has a line break or NUL in it (RFC 9110, 5.5).", nameof(value));
        }

        Name = name;
        KeepsOthers = keepsOthers;
        Value = value is not null && name.Equals(HeaderNames.Authorization, StringComparison.OrdinalIgnoreCase) ? WithScheme(value) : value;
    }

    public string Name { get; }

    /// <summary>The value, or <see langword="null"/> to remove the header.</summary>
    public string? Value { get; }

    /// <summary>Whether the value is added to those that the client sent.</summary>
    public bool KeepsOthers { get; }

    public static HeaderRule Set(string name, string value) => new(name, NotNull(value, name), keepsOthers: false);

    public static HeaderRule Add(string name, string value) => new(name, NotNull(value, name), keepsOthers: true);

    public static HeaderRule Remove(string name) => new(name, null, keepsOthers: false);

    /// <summary>A credential as <c>Authorization</c> wants it: <c>Bearer</c> goes before one without a scheme.</summary>
    public static string WithScheme(string credential)
    {
        var trimmed = credential.Trim();
        return trimmed.Contains(' ', StringComparison.Ordinal) ? trimmed : "Bearer " + trimmed;
    }

    public static bool IsToken(string? text) => !string.IsNullOrEmpty(text) && !text.AsSpan().ContainsAnyExcept(TokenCharacters);

    private static string NotNull(string? value, string name) =>
        value ?? throw new ArgumentException($"The header '{name}' has no value. Is its setting missing? Use RemoveHeader to remove a header.", nameof(value));
}
