using System.Buffers;
using System.Text;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>An object whose members come in pieces, some with each event of a stream.</summary>
/// <remarks>Throws a <see cref="JsonException"/> for what cannot be put together.</remarks>
internal sealed class AssembledObject(AssembledPart part)
{
    // By their names as they stand in the text, escapes included: a member that is not understood is not changed either.
    private readonly OrderedDictionary<string, AssembledValue> _members = new(StringComparer.Ordinal);

    public AssembledValue this[string name]
    {
        get
        {
            if (!_members.TryGetValue(name, out var value))
            {
                _members.Add(name, value = new AssembledValue());
            }

            return value;
        }
    }

    /// <summary>Takes the members of the object at whose beginning the reader stands.</summary>
    public void Take(ref Utf8JsonReader json, ReadOnlySpan<byte> text)
    {
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = JsonPiece.NameOf(json);
            json.Read();
            Take(name, ref json, text);
        }
    }

    public void WriteTo(ArrayBufferWriter<byte> writer)
    {
        var separator = "{"u8;
        foreach (var (name, value) in _members)
        {
            writer.Write(separator);
            writer.Write("\""u8);
            writer.Write(Encoding.UTF8.GetBytes(name));
            writer.Write("\":"u8);
            value.WriteTo(writer);
            separator = ","u8;
        }

        writer.Write(_members.Count == 0 ? "{}"u8 : "}"u8);
    }

    private void Take(string name, ref Utf8JsonReader json, ReadOnlySpan<byte> text)
    {
        switch (part, name)
        {
            case (AssembledPart.Answer, "error"):
                throw new JsonException("The stream tells an error.");
            case (AssembledPart.Message, "audio") when json.TokenType != JsonTokenType.Null:
                throw new JsonException("Sound comes in pieces that cannot be joined as texts.");
            case (AssembledPart.Answer, "obfuscation"):
            case (AssembledPart.Answer, "usage") when json.TokenType == JsonTokenType.Null:
            case (AssembledPart.ToolCall, "index"):
                // These belong to the form of a stream; a JSON answer does not have them.
                json.Skip();
                break;
            case (AssembledPart.ToolCall, "id"):
            case (AssembledPart.Call, "name"):
                // Some servers give all calls of a message the same index: two calls must not be joined to one, so that a different value throws.
                this[name].TakeLast(ref json, text, mayChange: false);
                break;
            case (AssembledPart.Answer, "choices"):
                this[name].TakeItems(ref json, text, AssembledPart.Choice);
                break;
            case (AssembledPart.Message, "tool_calls"):
                this[name].TakeItems(ref json, text, AssembledPart.ToolCall);
                break;
            case (AssembledPart.Choice, "delta"):
                this["message"].TakeMembers(ref json, text, AssembledPart.Message);
                break;
            case (AssembledPart.Choice, "logprobs"):
                this[name].TakeMembers(ref json, text, AssembledPart.Logprobs);
                break;
            case (AssembledPart.ToolCall, "function" or "custom"):
            case (AssembledPart.Message, "function_call"):
                this[name].TakeMembers(ref json, text, AssembledPart.Call);
                break;
            default:
                TakeValue(name, ref json, text);
                break;
        }
    }

    private void TakeValue(string name, ref Utf8JsonReader json, ReadOnlySpan<byte> text)
    {
        var isText = part switch
        {
            AssembledPart.Message => name != "role",
            AssembledPart.Call => name is "arguments" or "input",
            AssembledPart.Choice => name == "text",
            _ => false,
        };
        if (isText && json.TokenType == JsonTokenType.String)
        {
            this[name].TakeText(json.ValueSpan);
        }
        else if (part is AssembledPart.Message or AssembledPart.Logprobs && json.TokenType == JsonTokenType.StartArray)
        {
            this[name].TakeElements(ref json, text);
        }
        else
        {
            this[name].TakeLast(ref json, text);
        }
    }
}
