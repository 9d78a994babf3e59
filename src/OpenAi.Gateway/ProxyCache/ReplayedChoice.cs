using System.Buffers;
using System.Text;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>One choice of a JSON answer, cut into the pieces that a stream of it is made of.</summary>
internal sealed class ReplayedChoice
{
    private readonly ArrayBufferWriter<byte> _others = new();
    private readonly ArrayBufferWriter<byte> _content = new();
    private byte[] _index = [];
    private byte[] _logprobs = [];
    private byte[] _finishReason = [];

    private ReplayedChoice()
    {
    }

    public bool IsOfChat { get; private set; }

    /// <summary>Whether nothing is missing that a stream needs.</summary>
    public bool IsWhole => _index.Length > 0 && Content.Length > 0 && _finishReason is [(byte)'"', ..];

    public ReadOnlySpan<byte> Index => _index;

    /// <summary>The message as a <c>delta</c>, or the <c>text</c>.</summary>
    public ReadOnlySpan<byte> Content => _content.WrittenSpan;

    /// <summary>What it tells of probabilities; empty when it has no such member.</summary>
    public ReadOnlySpan<byte> Logprobs => _logprobs;

    public ReadOnlySpan<byte> FinishReason => _finishReason;

    /// <summary>Its other members, each after a comma.</summary>
    public ReadOnlySpan<byte> Others => _others.WrittenSpan;

    public static ReplayedChoice Read(ref Utf8JsonReader json, ReadOnlySpan<byte> text)
    {
        var choice = new ReplayedChoice();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = JsonPiece.NameOf(json);
            json.Read();
            choice.Take(name, ref json, text);
        }

        return choice;
    }

    private void Take(string name, ref Utf8JsonReader json, ReadOnlySpan<byte> text)
    {
        switch (name)
        {
            case "index":
                _index = JsonPiece.ValueOf(ref json, text).ToArray();
                break;
            case "finish_reason":
                _finishReason = JsonPiece.ValueOf(ref json, text).ToArray();
                break;
            case "logprobs":
                _logprobs = JsonPiece.ValueOf(ref json, text).ToArray();
                break;
            case "text":
                _content.Write(JsonPiece.ValueOf(ref json, text));
                break;
            case "message":
                JsonPiece.Expect(json.TokenType == JsonTokenType.StartObject);
                IsOfChat = true;
                WriteDelta(ref json, text);
                break;
            default:
                JsonPiece.WriteMember(_others, name, JsonPiece.ValueOf(ref json, text));
                break;
        }
    }

    private void WriteDelta(ref Utf8JsonReader json, ReadOnlySpan<byte> text)
    {
        var members = new ArrayBufferWriter<byte>();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = JsonPiece.NameOf(json);
            json.Read();
            if (name == "audio" && json.TokenType != JsonTokenType.Null)
            {
                throw new JsonException("Sound is streamed in another format.");
            }

            JsonPiece.WriteMember(members, name, name == "tool_calls" && json.TokenType == JsonTokenType.StartArray
                ? Indexed(ref json, text)
                : JsonPiece.ValueOf(ref json, text));
        }

        _content.Write("{"u8);
        _content.Write(members.WrittenCount > 0 ? members.WrittenSpan[1..] : default);
        _content.Write("}"u8);
    }

    // In a stream each call of a tool has an index.
    private static ReadOnlySpan<byte> Indexed(ref Utf8JsonReader json, ReadOnlySpan<byte> text)
    {
        var calls = new ArrayBufferWriter<byte>();
        var index = 0;
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            JsonPiece.Expect(json.TokenType == JsonTokenType.StartObject);
            var call = JsonPiece.ValueOf(ref json, text)[1..];
            calls.Write(index == 0 ? "["u8 : ","u8);
            calls.Write(Encoding.ASCII.GetBytes($"{{\"index\":{index++}"));
            calls.Write(call is [(byte)'}'] ? default : ","u8);
            calls.Write(call);
        }

        calls.Write(index == 0 ? "[]"u8 : "]"u8);
        return calls.WrittenSpan;
    }
}
