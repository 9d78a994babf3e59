using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>The names of the fields of a legacy request that the bridge acts on.</summary>
internal static class BridgeFields
{
    /// <summary>The field whose name was just read.</summary>
    public static BridgeField Of(ref readonly Utf8JsonReader json) => json.ValueTextEquals("model"u8) ? BridgeField.Model
        : json.ValueTextEquals("prompt"u8) ? BridgeField.Prompt
        : json.ValueTextEquals("max_tokens"u8) ? BridgeField.MaxTokens
        : json.ValueTextEquals("n"u8) ? BridgeField.N
        : json.ValueTextEquals("best_of"u8) ? BridgeField.BestOf
        : json.ValueTextEquals("stream"u8) ? BridgeField.Stream
        : json.ValueTextEquals("stream_options"u8) ? BridgeField.StreamOptions
        : json.ValueTextEquals("suffix"u8) ? BridgeField.Suffix
        : json.ValueTextEquals("echo"u8) ? BridgeField.Echo
        : json.ValueTextEquals("logprobs"u8) ? BridgeField.Logprobs
        : IsChatOnly(in json) ? BridgeField.ChatOnly
        : BridgeField.None;

    /// <summary>Whether the chat request has something else in the field's place; the others are copied.</summary>
    public static bool IsRewritten(this BridgeField field) =>
        field is not (BridgeField.None or BridgeField.N or BridgeField.Stream or BridgeField.StreamOptions);

    private static bool IsChatOnly(ref readonly Utf8JsonReader json) =>
        json.ValueTextEquals("messages"u8) || json.ValueTextEquals("max_completion_tokens"u8) || json.ValueTextEquals("top_logprobs"u8)
        || json.ValueTextEquals("tools"u8) || json.ValueTextEquals("functions"u8) || json.ValueTextEquals("audio"u8);
}
