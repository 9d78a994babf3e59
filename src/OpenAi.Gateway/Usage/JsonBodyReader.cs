using System.Runtime.CompilerServices;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>
/// Reads a JSON answer while it passes. Only a token that is cut by the end of a chunk is kept, and of a long text, such as an image, only
/// that it was there.
/// </summary>
internal sealed class JsonBodyReader : IDisposable
{
    private const int MaxTokenSize = 4096;

    private readonly AnswerReader _answer;
    private readonly PooledBytes _kept = new();
    private JsonReaderState _state = new(AnswerReader.Options);
    private long _cutBytes;
    private bool _isBeforeOpenText;
    private bool _isInLongText;
    private bool _isAfterBackslash;
    private bool _hasGivenUp;

    public JsonBodyReader(AnswerReader answer)
    {
        _answer = answer;
        _answer.Begin(AnswerPart.Answer, countsText: true);
    }

    private static ReadOnlySpan<byte> Separators => " \t\r\n,:"u8;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && !_hasGivenUp)
        {
            // In pieces, so that what is kept stays small however large the chunks are.
            var piece = bytes[..Math.Min(bytes.Length, MaxTokenSize)];
            bytes = bytes[piece.Length..];
            piece = _isInLongText ? SkipText(piece) : piece;
            if (!piece.IsEmpty)
            {
                Read(piece);
            }
        }
    }

    public void Dispose() => _kept.Dispose();

    private void Read(ReadOnlySpan<byte> piece)
    {
        try
        {
            if (_kept.Length == 0)
            {
                _kept.Append(piece[ReadTokens(piece)..]);
            }
            else
            {
                _kept.Append(piece);
                _kept.RemoveFirst(ReadTokens(_kept.Span));
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // It is no JSON, or no UTF-8. What was read until here stands.
            GiveUp();
            return;
        }

        if (_kept.Span.Trim(Separators).IsEmpty)
        {
            // White space between two tokens may be longer than any of them.
            _kept.RemoveFirst(_kept.Length - _kept.Span.TrimStart(JsonSearch.Whitespace).Length);
            _kept.RemoveLast(_kept.Length - _kept.Span.TrimEnd(JsonSearch.Whitespace).Length);
        }
        else if (_isBeforeOpenText || _kept.Length > MaxTokenSize)
        {
            CutText();
        }
    }

    // Not inlined: each step of the pump would have a JSON reader in its frame, which is large.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private int ReadTokens(ReadOnlySpan<byte> bytes)
    {
        var json = new LongTextReader(bytes, isFinalBlock: false, _state);
        while (json.Read())
        {
            if (json.IsLongText)
            {
                _cutBytes = AnswerReader.BytesOf(json.Value);
            }

            _answer.Take(ref json.Token, _cutBytes);
            _cutBytes = 0;
        }

        _state = json.Token.CurrentState;
        _isBeforeOpenText = json.IsBeforeOpenText;
        return json.Consumed;
    }

    // Keeps the opening quote; the closing one will make it an empty text.
    private void CutText()
    {
        var kept = _kept.Span;
        var text = kept.IndexOf((byte)'"') + 1;
        if (text == 0 || !kept[..(text - 1)].Trim(Separators).IsEmpty)
        {
            GiveUp();
            return;
        }

        var behind = SkipText(kept[text..]);
        if (_isInLongText)
        {
            _kept.RemoveLast(kept.Length - text);
            return;
        }

        // It is the whole name of a member, whose colon is far away.
        _cutBytes = 0;
        _kept.RemoveLast(behind.Length - 1);
    }

    // Gives what stands behind the text, its closing quote included.
    private ReadOnlySpan<byte> SkipText(ReadOnlySpan<byte> piece)
    {
        var begin = _isAfterBackslash ? 1 : 0;
        var end = JsonSearch.EndOfText(piece[begin..]);
        _isInLongText = end < 0;
        _isAfterBackslash = _isInLongText && JsonSearch.EndsInsideEscape(piece[begin..]);
        var text = _isInLongText ? piece : piece[..(begin + end)];

        // An escape that was cut behind its backslash is whole in neither piece.
        _cutBytes += AnswerReader.BytesOf(text) - (begin > 0 && text is [(byte)'u', ..] ? 3 : 0);
        return piece[text.Length..];
    }

    private void GiveUp()
    {
        _hasGivenUp = true;
        _kept.Clear();
    }
}
