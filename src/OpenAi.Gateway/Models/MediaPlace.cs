using System.Buffers;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>
/// Knows, token by token, where in a request an image, a file or sound may stand rather than text. A text that looks like one of them elsewhere is a
/// text.
/// </summary>
internal struct MediaPlace
{
    // With what some writers put for a plus or a slash: \u002B, \/.
    private static readonly SearchValues<byte> Base64 =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=\\"u8);

    private int _soundDepth;
    private bool _isLink;
    private bool _isRaw;

    /// <summary>Goes on to the token behind this one.</summary>
    /// <param name="json">A reader that stands at it.</param>
    public void Pass(in Utf8JsonReader json)
    {
        (_isLink, _isRaw) = (false, false);

        // Of the names that there are, few are as long as one of these.
        if (json.TokenType == JsonTokenType.PropertyName && (_soundDepth > 0 || json.ValueIsEscaped || json.ValueSpan.Length is 3 or 6 or 9 or 11))
        {
            var isEither = IsSound(json) || json.ValueTextEquals("file_data"u8);
            _isLink = isEither || json.ValueTextEquals("url"u8) || json.ValueTextEquals("image_url"u8);
            _isRaw = isEither || json.ValueTextEquals("result"u8); // The latter of an image_generation_call, sent back.
        }
    }

    /// <summary>Whether the value at which a reader stands is media.</summary>
    /// <param name="json">The reader.</param>
    /// <param name="value">The bytes of the value.</param>
    public readonly bool Holds(in Utf8JsonReader json, ReadOnlySpan<byte> value)
    {
        const int LongestType = 128;
        return json.TokenType == JsonTokenType.String
            && ((_isLink && value.StartsWith("data:"u8) && value[..Math.Min(value.Length, LongestType)].IndexOf(";base64,"u8) > 0)
                || (_isRaw && !value.ContainsAnyExcept(Base64)));
    }

    // Sound is the data of its object; for OpenAI without the type that links have before theirs.
    private bool IsSound(in Utf8JsonReader name)
    {
        var depth = name.CurrentDepth;
        if (depth <= _soundDepth || _soundDepth == 0)
        {
            _soundDepth = name.ValueTextEquals("input_audio"u8) ? depth : 0;
            return false;
        }

        return depth == _soundDepth + 1 && name.ValueTextEquals("data"u8);
    }
}
