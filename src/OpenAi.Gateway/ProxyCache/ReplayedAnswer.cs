using System.Buffers;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>A JSON answer, cut into the pieces that a stream of it is made of.</summary>
internal sealed class ReplayedAnswer
{
    private readonly ArrayBufferWriter<byte> _others = new();
    private readonly List<ReplayedChoice> _choices = [];
    private byte[] _kind = [];
    private byte[] _usage = [];

    private ReplayedAnswer()
    {
    }

    /// <summary>Whether it is one of a chat; otherwise it is one of the legacy endpoint.</summary>
    public bool IsChat => _kind.AsSpan().SequenceEqual("\"chat.completion\""u8);

    /// <summary>The members that every event repeats, each after a comma.</summary>
    public ReadOnlySpan<byte> Others => _others.WrittenSpan;

    /// <summary>Its usage; empty when it tells none.</summary>
    public ReadOnlySpan<byte> Usage => _usage is [(byte)'{', ..] ? _usage : default;

    public IReadOnlyList<ReplayedChoice> Choices => _choices;

    private bool IsKnown => (IsChat || _kind.AsSpan().SequenceEqual("\"text_completion\""u8))
        && _choices.Count > 0
        && _choices.TrueForAll(choice => choice.IsWhole && choice.IsOfChat == IsChat);

    /// <summary>Cuts an answer; <see langword="null"/> for one of another shape.</summary>
    /// <param name="text">The answer, without white space between its tokens.</param>
    public static ReplayedAnswer? Read(ReadOnlySpan<byte> text)
    {
        var json = new Utf8JsonReader(text, AnswerReader.Options);
        json.Read();
        JsonPiece.Expect(json.TokenType == JsonTokenType.StartObject);
        var answer = new ReplayedAnswer();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = JsonPiece.NameOf(json);
            json.Read();
            answer.Take(name, ref json, text);
        }

        return answer.IsKnown ? answer : null;
    }

    private void Take(string name, ref Utf8JsonReader json, ReadOnlySpan<byte> text)
    {
        switch (name)
        {
            case "object":
                _kind = JsonPiece.ValueOf(ref json, text).ToArray();
                break;
            case "usage":
                _usage = JsonPiece.ValueOf(ref json, text).ToArray();
                break;
            case "choices":
                JsonPiece.Expect(json.TokenType == JsonTokenType.StartArray);
                while (json.Read() && json.TokenType != JsonTokenType.EndArray)
                {
                    JsonPiece.Expect(json.TokenType == JsonTokenType.StartObject);
                    _choices.Add(ReplayedChoice.Read(ref json, text));
                }

                break;
            case "error":
                throw new JsonException("The answer tells an error.");
            default:
                JsonPiece.WriteMember(_others, name, JsonPiece.ValueOf(ref json, text));
                break;
        }
    }
}
