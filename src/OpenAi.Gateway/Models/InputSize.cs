using System.Buffers;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>
/// Counts the bytes of a request that a model may have to read, as an upper bound of its tokens: none of them is shorter than a byte of text. An image,
/// a file or sound counts one, but only where one may stand: a text that looks like one elsewhere is a text.
/// </summary>
internal struct InputSize
{
    // And the backslash of the escapes that some writers have for plus and slash: \u002B, \/.
    private static readonly SearchValues<byte> Base64 =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=\\"u8);

    private int _soundDepth;
    private bool _isLink;
    private bool _isRaw;

    public long Bytes { get; private set; }

    /// <summary>Counts the next token of the request's JSON.</summary>
    /// <param name="json">A reader that stands at it.</param>
    /// <param name="value">Its bytes, of a text without the quotes.</param>
    /// <param name="mayBeTokenId">Whether a number stands where a model's own tokens may, each of them a number.</param>
    public void Add(in Utf8JsonReader json, ReadOnlySpan<byte> value, bool mayBeTokenId)
    {
        // An empty text counts one, too, as each brace does.
        var isOne = (mayBeTokenId && json.TokenType == JsonTokenType.Number) || IsMedia(json, value);
        Bytes += isOne ? 1 : Math.Max(1, value.Length);
        Expect(json);
    }

    // What the value behind this token may be.
    private void Expect(in Utf8JsonReader json)
    {
        (_isLink, _isRaw) = (false, false);

        // Most names are told apart by their length.
        if (json.TokenType == JsonTokenType.PropertyName && (_soundDepth > 0 || json.ValueIsEscaped || json.ValueSpan.Length is 3 or 6 or 9 or 11))
        {
            var isEither = IsSound(json) || json.ValueTextEquals("file_data"u8);
            _isLink = isEither || json.ValueTextEquals("url"u8) || json.ValueTextEquals("image_url"u8);
            _isRaw = isEither || json.ValueTextEquals("result"u8); // Of an image_generation_call that the client sends back.
        }
    }

    private readonly bool IsMedia(in Utf8JsonReader json, ReadOnlySpan<byte> value)
    {
        const int LongestType = 128;
        return json.TokenType == JsonTokenType.String
            && ((_isLink && value.StartsWith("data:"u8) && value[..Math.Min(value.Length, LongestType)].IndexOf(";base64,"u8) > 0)
                || (_isRaw && !value.ContainsAnyExcept(Base64)));
    }

    // Sound is the "data" of an "input_audio"; for OpenAI it is plain Base64, without the type that stands before it in a link.
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
