using System.Buffers;
using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>An upstream's error, which names fields of the chat request, in the words of the legacy one. Everything else stays as it is.</summary>
internal static class BridgeError
{
    /// <summary>Writes an error's body; one that is no JSON, or names no such field, is copied.</summary>
    public static void Write(ReadOnlySpan<byte> body, IBufferWriter<byte> output)
    {
        var param = FindParam(body);
        var name = LegacyName(body[param]);
        if (name.IsEmpty)
        {
            output.Write(body);
            return;
        }

        output.Write(body[..param.Start]);
        output.Write(name);
        output.Write(body[param.End..]);
    }

    // Where the value stands, with its quotes; an empty range when there is none.
    private static Range FindParam(ReadOnlySpan<byte> body)
    {
        try
        {
            var json = new Utf8JsonReader(body);
            if (json.Read() && json.TokenType == JsonTokenType.StartObject && FindMember(ref json, "error"u8)
                && json.TokenType == JsonTokenType.StartObject && FindMember(ref json, "param"u8) && json.TokenType == JsonTokenType.String)
            {
                return (int)json.TokenStartIndex..(int)json.BytesConsumed;
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // A proxy's page, for example.
        }

        return default;
    }

    // The reader stands at the member's value then.
    private static bool FindMember(ref Utf8JsonReader json, ReadOnlySpan<byte> name)
    {
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var isFound = json.ValueTextEquals(name);
            json.Read();
            if (isFound)
            {
                return true;
            }

            json.Skip();
        }

        return false;
    }

    private static ReadOnlySpan<byte> LegacyName(ReadOnlySpan<byte> param) => param switch
    {
        _ when param.SequenceEqual("\"messages\""u8) || param.StartsWith("\"messages["u8) || param.StartsWith("\"messages."u8) => "\"prompt\""u8,
        _ when param.SequenceEqual("\"max_completion_tokens\""u8) => "\"max_tokens\""u8,
        _ when param.SequenceEqual("\"top_logprobs\""u8) => "\"logprobs\""u8,
        _ => default,
    };
}
