using System.Buffers;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>A value that comes in pieces: a text, an array, an object, objects by their index, or anything else, of which the last one counts.</summary>
internal sealed class AssembledValue
{
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private Kind _kind;
    private AssembledObject? _members;
    private SortedList<int, AssembledObject>? _items;

    private enum Kind
    {
        Null,
        Last,
        Text,
        Elements,
        Members,
        Items,
    }

    /// <summary>Whether nothing but <c>null</c> came.</summary>
    public bool IsNull => _kind == Kind.Null;

    /// <summary>Whether only an empty text came, which some servers send instead of <c>null</c>.</summary>
    public bool IsEmptyText => Is("\"\""u8);

    public IEnumerable<AssembledObject> Items => _items?.Values ?? [];

    /// <summary>Sets the value, whatever has come before.</summary>
    public void Set(ReadOnlySpan<byte> json)
    {
        _kind = Kind.Last;
        _bytes.ResetWrittenCount();
        _bytes.Write(json);
    }

    public bool Is(ReadOnlySpan<byte> json) => _kind == Kind.Last && _bytes.WrittenSpan.SequenceEqual(json);

    /// <summary>
    /// Replaces the value by the one at which the reader stands. Neither <c>null</c> nor the empty text that some servers send instead of it
    /// replaces a value that has come.
    /// </summary>
    /// <param name="json">The reader.</param>
    /// <param name="text">What it reads.</param>
    /// <param name="mayChange">Whether the value may differ from the one before; if not, a different one belongs to a different thing, and throws.</param>
    public void TakeLast(ref Utf8JsonReader json, ReadOnlySpan<byte> text, bool mayChange = true)
    {
        var value = JsonPiece.ValueOf(ref json, text);
        if (!value.SequenceEqual("null"u8) && !(value.SequenceEqual("\"\""u8) && _kind == Kind.Last))
        {
            JsonPiece.Expect(mayChange || IsNull || IsEmptyText || Is(value));
            Become(Kind.Last);
            _bytes.ResetWrittenCount();
            _bytes.Write(value);
        }
    }

    /// <summary>Adds what stands between the quotes of a text. No escape is split between two pieces, so that they need not be resolved.</summary>
    public void TakeText(ReadOnlySpan<byte> escaped)
    {
        Become(Kind.Text);
        _bytes.Write(escaped);
    }

    /// <summary>Adds the elements of the array at which the reader stands.</summary>
    public void TakeElements(ref Utf8JsonReader json, ReadOnlySpan<byte> text)
    {
        Become(Kind.Elements);
        var elements = JsonPiece.ValueOf(ref json, text)[1..^1].Trim(JsonSearch.Whitespace);
        if (!elements.IsEmpty)
        {
            _bytes.Write(_bytes.WrittenCount > 0 ? ","u8 : default);
            _bytes.Write(elements);
        }
    }

    public void TakeMembers(ref Utf8JsonReader json, ReadOnlySpan<byte> text, AssembledPart part)
    {
        if (json.TokenType == JsonTokenType.Null)
        {
            return;
        }

        JsonPiece.Expect(json.TokenType == JsonTokenType.StartObject);
        Become(Kind.Members);
        _members ??= Create(part);
        _members.Take(ref json, text);
    }

    /// <summary>Takes the objects of an array, and joins each to what came before with the same <c>index</c>.</summary>
    public void TakeItems(ref Utf8JsonReader json, ReadOnlySpan<byte> text, AssembledPart part)
    {
        if (json.TokenType == JsonTokenType.Null)
        {
            return;
        }

        JsonPiece.Expect(json.TokenType == JsonTokenType.StartArray);
        Become(Kind.Items);
        _items ??= [];
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            JsonPiece.Expect(json.TokenType == JsonTokenType.StartObject);
            var index = IndexOf(json);
            if (!_items.TryGetValue(index, out var item))
            {
                _items.Add(index, item = Create(part));
            }

            item.Take(ref json, text);
        }
    }

    public void WriteTo(ArrayBufferWriter<byte> writer)
    {
        switch (_kind)
        {
            case Kind.Null:
                writer.Write("null"u8);
                break;
            case Kind.Last:
                writer.Write(_bytes.WrittenSpan);
                break;
            case Kind.Text:
                Enclose(writer, "\""u8, "\""u8);
                break;
            case Kind.Elements:
                Enclose(writer, "["u8, "]"u8);
                break;
            case Kind.Members:
                _members!.WriteTo(writer);
                break;
            default:
                WriteItems(writer);
                break;
        }
    }

    private static AssembledObject Create(AssembledPart part)
    {
        var created = new AssembledObject(part);
        if (part == AssembledPart.Message)
        {
            // Both stand in every message, whether or not a delta has them.
            created["role"].Set("\"assistant\""u8);
            _ = created["content"];
        }

        return created;
    }

    private static int IndexOf(Utf8JsonReader ahead)
    {
        var depth = ahead.CurrentDepth;
        while (ahead.Read() && ahead.CurrentDepth > depth)
        {
            if (ahead.TokenType == JsonTokenType.PropertyName && ahead.CurrentDepth == depth + 1 && ahead.ValueTextEquals("index"u8))
            {
                ahead.Read();
                return ahead.TokenType == JsonTokenType.Number && ahead.TryGetInt32(out var index)
                    ? index
                    : throw new JsonException("An index is no number.");
            }
        }

        throw new JsonException("An index is missing.");
    }

    private void Become(Kind kind)
    {
        JsonPiece.Expect(_kind == Kind.Null || _kind == kind);
        _kind = kind;
    }

    private void Enclose(ArrayBufferWriter<byte> writer, ReadOnlySpan<byte> before, ReadOnlySpan<byte> behind)
    {
        writer.Write(before);
        writer.Write(_bytes.WrittenSpan);
        writer.Write(behind);
    }

    private void WriteItems(ArrayBufferWriter<byte> writer)
    {
        var separator = "["u8;
        foreach (var item in _items!.Values)
        {
            writer.Write(separator);
            item.WriteTo(writer);
            separator = ","u8;
        }

        writer.Write(_items.Count == 0 ? "[]"u8 : "]"u8);
    }
}
