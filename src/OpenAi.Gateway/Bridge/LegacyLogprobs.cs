using System.Buffers;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>
/// Writes a chat's logprobs as the four lists of a text completion: one object for each token becomes one entry in each list.
/// </summary>
/// <remarks>
/// An offset counts Unicode code points from the beginning of the prompt, whether it is echoed or not, as OpenAI documents it. A token that
/// goes on with a code point begun by the one before it counts by its bytes, since its text alone does not tell.
/// </remarks>
internal sealed class LegacyLogprobs(BridgeRequest request)
{
    // By index of the choice; what a prompt takes is counted when its first token is there.
    private readonly int[] _offsets = Enumerable.Repeat(-1, request.Prompts * request.Choices).ToArray();
    private readonly List<Token> _tokens = [];
    private readonly List<Range> _written = [];

    /// <exception cref="JsonException">They are not a chat's logprobs.</exception>
    public void Write(ReadOnlySpan<byte> logprobs, int call, int index, IBufferWriter<byte> output)
    {
        if (!ReadTokens(logprobs))
        {
            output.Write("null"u8);
            return;
        }

        output.Write("{\"tokens\":["u8);
        for (var i = 0; i < _tokens.Count; i++)
        {
            Comma(i, output);
            output.Write(logprobs[_tokens[i].Text]);
        }

        output.Write("],\"token_logprobs\":["u8);
        for (var i = 0; i < _tokens.Count; i++)
        {
            Comma(i, output);
            output.Write(logprobs[_tokens[i].Logprob]);
        }

        output.Write("],\"top_logprobs\":["u8);
        for (var i = 0; i < _tokens.Count; i++)
        {
            Comma(i, output);
            WriteTop(logprobs, _tokens[i], output);
        }

        output.Write("],\"text_offset\":["u8);
        var offset = _offsets[index] < 0 ? JsonText.CodePoints(request.Prompt(call)) : _offsets[index];
        for (var i = 0; i < _tokens.Count; i++)
        {
            Comma(i, output);
            JsonText.WriteNumber(offset, output);
            offset += _tokens[i].CodePoints;
        }

        _offsets[index] = offset;
        output.Write("]}"u8);
    }

    // A refusal has its tokens in a list of its own.
    private bool ReadTokens(ReadOnlySpan<byte> logprobs)
    {
        _tokens.Clear();
        var hasTokens = false;
        var reader = new Utf8JsonReader(logprobs);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isList = reader.ValueTextEquals("content"u8) || reader.ValueTextEquals("refusal"u8);
            reader.Read();
            if (isList && reader.TokenType == JsonTokenType.StartArray)
            {
                hasTokens = true;
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    _tokens.Add(Token.Read(ref reader));
                }
            }

            reader.Skip();
        }

        return hasTokens;
    }

    // The token that was taken is among them, wherever it ranks; a text that two tokens share has the likelier one's value.
    private void WriteTop(ReadOnlySpan<byte> logprobs, Token token, IBufferWriter<byte> output)
    {
        _written.Clear();
        output.Write("{"u8);
        if (token.Top.End.Value > 0)
        {
            var start = token.Top.Start.Value;
            var reader = new Utf8JsonReader(logprobs[token.Top]);
            reader.Read();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                var one = Token.Read(ref reader);
                WriteMember(logprobs, Shift(one.Text, start), Shift(one.Logprob, start), output);
            }
        }

        WriteMember(logprobs, token.Text, token.Logprob, output);
        output.Write("}"u8);
    }

    private void WriteMember(ReadOnlySpan<byte> logprobs, Range name, Range value, IBufferWriter<byte> output)
    {
        foreach (var written in _written)
        {
            if (logprobs[written].SequenceEqual(logprobs[name]))
            {
                return;
            }
        }

        Comma(_written.Count, output);
        _written.Add(name);
        output.Write(logprobs[name]);
        output.Write(":"u8);
        output.Write(logprobs[value]);
    }

    private static Range Shift(Range range, int by) => (range.Start.Value + by)..(range.End.Value + by);

    private static void Comma(int position, IBufferWriter<byte> output) => output.Write(position > 0 ? ","u8 : default);

    /// <summary>Where the members of a token stand.</summary>
    private readonly record struct Token(Range Text, Range Logprob, Range Top, int CodePoints)
    {
        public static Token Read(ref Utf8JsonReader reader)
        {
            JsonPiece.Expect(reader.TokenType == JsonTokenType.StartObject);
            Range text = default, logprob = default, top = default;
            int? ofText = null, ofBytes = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isText = reader.ValueTextEquals("token"u8);
                var isLogprob = reader.ValueTextEquals("logprob"u8);
                var isTop = reader.ValueTextEquals("top_logprobs"u8);
                var isBytes = reader.ValueTextEquals("bytes"u8);
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                if (isText && reader.TokenType == JsonTokenType.String)
                {
                    text = start..(int)reader.BytesConsumed;
                    ofText = JsonText.CodePoints(reader.ValueSpan);
                }
                else if (isLogprob && reader.TokenType is JsonTokenType.Number or JsonTokenType.Null)
                {
                    logprob = start..(int)reader.BytesConsumed;
                }
                else if (isTop && reader.TokenType == JsonTokenType.StartArray)
                {
                    reader.Skip();
                    top = start..(int)reader.BytesConsumed;
                }
                else if (isBytes && reader.TokenType == JsonTokenType.StartArray)
                {
                    ofBytes = CodePointsOf(ref reader);
                }

                reader.Skip();
            }

            JsonPiece.Expect(ofText is not null && logprob.End.Value > 0);
            return new Token(text, logprob, top, ofBytes ?? ofText.Value);
        }

        private static int CodePointsOf(ref Utf8JsonReader reader)
        {
            var count = 0;
            while (reader.Read() && reader.TokenType == JsonTokenType.Number)
            {
                count += reader.TryGetByte(out var one) && (one & 0xC0) != 0x80 ? 1 : 0;
            }

            JsonPiece.Expect(reader.TokenType == JsonTokenType.EndArray);
            return count;
        }
    }
}
