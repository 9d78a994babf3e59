using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>Knows what the members of an answer mean, in each of OpenAI's operations.</summary>
internal static class AnswerFields
{
    /// <summary>What a member is: a value to read, a part to look into, or both when it can be either.</summary>
    /// <param name="part">The part that it is a member of.</param>
    /// <param name="json">A reader that stands at its name.</param>
    public static (AnswerField Field, AnswerPart Part) Of(AnswerPart part, in Utf8JsonReader json) => part switch
    {
        AnswerPart.Answer => OfAnswer(json),
        AnswerPart.Usage => OfUsage(json),
        AnswerPart.InputDetails => (json.ValueTextEquals("cached_tokens"u8) ? AnswerField.CachedInput
            : json.ValueTextEquals("cache_write_tokens"u8) ? AnswerField.CacheWriteInput
            : AnswerField.None, AnswerPart.Other),
        AnswerPart.OutputDetails => (json.ValueTextEquals("reasoning_tokens"u8) ? AnswerField.Reasoning : AnswerField.None, AnswerPart.Other),
        AnswerPart.IncompleteDetails => (json.ValueTextEquals("reason"u8) ? AnswerField.FinishReason : AnswerField.None, AnswerPart.Other),
        AnswerPart.Choice => OfChoice(json),
        AnswerPart.Text => OfText(json),
        _ => default,
    };

    private static (AnswerField Field, AnswerPart Part) OfAnswer(in Utf8JsonReader json) =>
        json.ValueTextEquals("model"u8) ? (AnswerField.Model, AnswerPart.Other)
        : json.ValueTextEquals("id"u8) ? (AnswerField.Id, AnswerPart.Other)
        : json.ValueTextEquals("usage"u8) ? (AnswerField.None, AnswerPart.Usage)
        : json.ValueTextEquals("choices"u8) ? (AnswerField.None, AnswerPart.Choice)
        : json.ValueTextEquals("service_tier"u8) ? (AnswerField.ServiceTier, AnswerPart.Other)
        : json.ValueTextEquals("response"u8) ? (AnswerField.None, AnswerPart.Answer)
        : json.ValueTextEquals("output"u8) ? (AnswerField.None, AnswerPart.Text)
        : json.ValueTextEquals("status"u8) ? (AnswerField.Status, AnswerPart.Other)
        : json.ValueTextEquals("incomplete_details"u8) ? (AnswerField.None, AnswerPart.IncompleteDetails)
        : default;

    private static (AnswerField Field, AnswerPart Part) OfUsage(in Utf8JsonReader json) =>
        json.ValueTextEquals("prompt_tokens"u8) || json.ValueTextEquals("input_tokens"u8) ? (AnswerField.Input, AnswerPart.Other)
        : json.ValueTextEquals("completion_tokens"u8) || json.ValueTextEquals("output_tokens"u8) ? (AnswerField.Output, AnswerPart.Other)
        : json.ValueTextEquals("prompt_tokens_details"u8) || json.ValueTextEquals("input_tokens_details"u8) ? (AnswerField.None, AnswerPart.InputDetails)
        : json.ValueTextEquals("completion_tokens_details"u8) || json.ValueTextEquals("output_tokens_details"u8) ? (AnswerField.None, AnswerPart.OutputDetails)
        : default;

    private static (AnswerField Field, AnswerPart Part) OfChoice(in Utf8JsonReader json) =>
        json.ValueTextEquals("message"u8) || json.ValueTextEquals("delta"u8) ? (AnswerField.None, AnswerPart.Text)
        : json.ValueTextEquals("text"u8) ? (AnswerField.Text, AnswerPart.Other)
        : json.ValueTextEquals("finish_reason"u8) ? (AnswerField.FinishReason, AnswerPart.Other)
        : default;

    // Calls of tools nest in it; what they hold is generated, too.
    private static (AnswerField Field, AnswerPart Part) OfText(in Utf8JsonReader json) =>
        json.ValueTextEquals("content"u8)
        || json.ValueTextEquals("text"u8)
        || json.ValueTextEquals("arguments"u8)
        || json.ValueTextEquals("name"u8)
        || json.ValueTextEquals("refusal"u8)
        || json.ValueTextEquals("reasoning_content"u8)
        || json.ValueTextEquals("reasoning"u8)
        || json.ValueTextEquals("transcript"u8)
        || json.ValueTextEquals("input"u8)
        || json.ValueTextEquals("code"u8) ? (AnswerField.Text, AnswerPart.Text)
        : json.ValueTextEquals("annotations"u8) || json.ValueTextEquals("logprobs"u8) ? default
        : (AnswerField.None, AnswerPart.Text);
}
