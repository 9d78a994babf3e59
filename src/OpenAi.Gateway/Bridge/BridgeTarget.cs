using System.Buffers;
using System.Text;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>A chat model that answers for legacy ones, with its part of the request in bytes.</summary>
internal sealed class BridgeTarget
{
    private readonly byte[][] _leftOut;

    public BridgeTarget(CompletionBridgeModelOptions options)
    {
        Model = options.Model;
        ModelJson = JsonPiece.Quoted(options.Model);
        SystemMessage = options.SystemMessage is { } text ? [.. "{\"role\":\"system\",\"content\":"u8, .. JsonPiece.Quoted(text), .. "},"u8] : [];
        _leftOut = [.. options.Drop.Concat(options.Set.Keys).Select(Encoding.UTF8.GetBytes)];
        var set = new ArrayBufferWriter<byte>();
        foreach (var (name, value) in options.Set)
        {
            set.Write([.. ","u8, .. JsonPiece.Quoted(name), .. ":"u8, .. JsonOf(value)]);
        }

        Set = set.WrittenSpan.ToArray();
        KeyPart = Encoding.UTF8.GetString([.. ModelJson, .. SystemMessage, .. Set, .. options.Drop.SelectMany(JsonPiece.Quoted)]);
    }

    /// <summary>The model's name; empty when the upstream is asked for the name that the client gave.</summary>
    public string Model { get; }

    public byte[] ModelJson { get; }

    /// <summary>The system message and the comma behind it, or nothing.</summary>
    public byte[] SystemMessage { get; }

    /// <summary>The members to add, each with a comma in front.</summary>
    public byte[] Set { get; }

    /// <summary>What it makes of a request, for the key of a cached answer: with another model or message it would be another one.</summary>
    public string KeyPart { get; }

    /// <summary>Whether the chat request shall not have this field from the client.</summary>
    public bool LeavesOut(ReadOnlySpan<byte> field)
    {
        foreach (var name in _leftOut)
        {
            if (field.SequenceEqual(name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the field whose name was just read is such a one.</summary>
    public bool LeavesOut(ref readonly Utf8JsonReader json) => JsonText.IsOneOf(in json, _leftOut);

    private static byte[] JsonOf(string value)
    {
        // Configuration writes its booleans "True" and "False".
        var bytes = Encoding.UTF8.GetBytes(value is "True" or "False" ? value.ToLowerInvariant() : value);
        try
        {
            var reader = new Utf8JsonReader(bytes);
            reader.Read();
            reader.Skip();
            reader.Read(); // Throws when something stands behind the value.
            return bytes;
        }
        catch (JsonException)
        {
            return JsonPiece.Quoted(value);
        }
    }
}
