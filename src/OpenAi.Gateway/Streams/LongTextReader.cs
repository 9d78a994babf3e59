using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>
/// Reads JSON token by token, but steps over the long texts among the values of members, which are most of a question or an answer:
/// <see cref="Utf8JsonReader"/> looks at each byte of a text with line breaks. Where a text ends, no two readers can disagree about; what
/// stands in it is not checked.
/// </summary>
internal ref struct LongTextReader
{
    // From these lengths on it pays to step over a text: behind the first escape, where each byte is looked at, sooner.
    private const int Long = 1024;
    private const int LongWithEscape = 256;

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly bool _isFinalBlock;
    private Utf8JsonReader _json;

    // Where the part that is read now begins, and the text that was stepped over, its quotes included.
    private int _begin;
    private int _textStart;
    private int _textEnd;

    public LongTextReader(ReadOnlySpan<byte> bytes, bool isFinalBlock, JsonReaderState state)
    {
        _bytes = bytes;
        _isFinalBlock = isFinalBlock;
        _json = new Utf8JsonReader(bytes, isFinalBlock, state);
    }

    /// <summary>The token; an empty text in the place of one that was stepped over.</summary>
    [UnscopedRef]
    public ref Utf8JsonReader Token => ref _json;

    /// <summary>Whether the token is a text that was stepped over.</summary>
    public readonly bool IsLongText => _textEnd > 0;

    /// <summary>The bytes of the token as they are written, of a text without its quotes.</summary>
    public readonly ReadOnlySpan<byte> Value => IsLongText ? _bytes[(_textStart + 1)..(_textEnd - 1)] : _json.ValueSpan;

    public readonly int TokenStart => IsLongText ? _textStart : _begin + (int)_json.TokenStartIndex;

    /// <summary>Where the token ends.</summary>
    public readonly int Consumed => IsLongText ? _textEnd : _begin + (int)_json.BytesConsumed;

    /// <summary>Whether what is next is a long text whose end is not here yet.</summary>
    public bool IsBeforeOpenText { get; private set; }

    /// <summary>Goes to the next token.</summary>
    /// <param name="wantsText">Whether a text is needed as it is, however long.</param>
    /// <returns>Whether there is one.</returns>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public bool Read(bool wantsText = false)
    {
        if (IsLongText)
        {
            (_begin, _textStart, _textEnd) = (_textEnd, 0, 0);
            GoOnWith(_bytes[_begin..], _isFinalBlock);
        }

        return _json.TokenType == JsonTokenType.PropertyName && !wantsText && _bytes.Length - Consumed > LongWithEscape
            ? ReadValue()
            : _json.Read();
    }

    private bool ReadValue()
    {
        var start = JsonSearch.Skip(_bytes, Consumed);
        if (start == _bytes.Length || _bytes[start] != (byte)'"')
        {
            return _json.Read();
        }

        var text = _bytes[(start + 1)..];
        var found = text[..Math.Min(text.Length, LongWithEscape)].IndexOfAny((byte)'"', (byte)'\\');
        var least = found < 0 ? Long : LongWithEscape;
        if (text.Length <= least || (found >= 0 && text[found] == (byte)'"'))
        {
            return _json.Read();
        }

        var length = JsonSearch.EndOfText(text);
        if (length < 0 && !_isFinalBlock)
        {
            IsBeforeOpenText = true;
            return false;
        }

        if (length <= least)
        {
            return _json.Read();
        }

        (_textStart, _textEnd) = (start, start + length + 2);
        GoOnWith("\"\""u8, isFinalBlock: false);
        return _json.Read();
    }

    // Not inlined: every token would have a second JSON reader in its frame, which is large.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void GoOnWith(ReadOnlySpan<byte> bytes, bool isFinalBlock) => _json = new Utf8JsonReader(bytes, isFinalBlock, _json.CurrentState);
}
