using System.Text.Json;

namespace OpenAi.Gateway;

/// <summary>Knows what the members of an answer mean, in each of OpenAI's operations.</summary>
internal static class AnswerFields
{
    private const int LongestName = 27;

    /// <summary>What a member is: a value to read, a part to look into, or both when it can be either.</summary>
    /// <param name="part">The part that it is a member of.</param>
    /// <param name="json">A reader that stands at its name.</param>
    public static (AnswerField Field, AnswerPart Part) Of(AnswerPart part, in Utf8JsonReader json) =>
        json.ValueIsEscaped ? OfEscaped(part, json) : Of(part, json.ValueSpan);

    private static (AnswerField Field, AnswerPart Part) OfEscaped(AnswerPart part, in Utf8JsonReader json)
    {
        // No name is longer when each of its letters is escaped.
        Span<byte> name = stackalloc byte[JsonSearch.LongestEscape * LongestName];
        try
        {
            return json.ValueSpan.Length > name.Length ? Of(part, default) : Of(part, name[..json.CopyString(name)]);
        }
        catch (InvalidOperationException)
        {
            // It is no Unicode, and none of the names; what stands behind it may be.
            return Of(part, default);
        }
    }

    private static (AnswerField Field, AnswerPart Part) Of(AnswerPart part, ReadOnlySpan<byte> name) => part switch
    {
        AnswerPart.Answer => OfAnswer(name),
        AnswerPart.Usage => OfUsage(name),
        AnswerPart.InputDetails when name.SequenceEqual("cached_tokens"u8) => (AnswerField.CachedInput, AnswerPart.Other),
        AnswerPart.InputDetails when name.SequenceEqual("cache_write_tokens"u8) => (AnswerField.CacheWriteInput, AnswerPart.Other),
        AnswerPart.OutputDetails when name.SequenceEqual("reasoning_tokens"u8) => (AnswerField.Reasoning, AnswerPart.Other),
        AnswerPart.IncompleteDetails when name.SequenceEqual("reason"u8) => (AnswerField.FinishReason, AnswerPart.Other),
        AnswerPart.Choice => OfChoice(name),
        AnswerPart.Text => OfText(name),
        _ => default,
    };

    private static (AnswerField Field, AnswerPart Part) OfAnswer(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("model"u8) ? (AnswerField.Model, AnswerPart.Other)
        : name.SequenceEqual("id"u8) ? (AnswerField.Id, AnswerPart.Other)
        : name.SequenceEqual("usage"u8) ? (AnswerField.None, AnswerPart.Usage)
        : name.SequenceEqual("choices"u8) ? (AnswerField.None, AnswerPart.Choice)
        : name.SequenceEqual("service_tier"u8) ? (AnswerField.ServiceTier, AnswerPart.Other)
        : name.SequenceEqual("response"u8) ? (AnswerField.None, AnswerPart.Answer)
        : name.SequenceEqual("output"u8) ? (AnswerField.None, AnswerPart.Text)
        : name.SequenceEqual("status"u8) ? (AnswerField.Status, AnswerPart.Other)
        : name.SequenceEqual("error"u8) ? (AnswerField.Error, AnswerPart.Other)
        : name.SequenceEqual("incomplete_details"u8) ? (AnswerField.None, AnswerPart.IncompleteDetails)
        : default;

    private static (AnswerField Field, AnswerPart Part) OfUsage(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("prompt_tokens"u8) || name.SequenceEqual("input_tokens"u8) ? (AnswerField.Input, AnswerPart.Other)
        : name.SequenceEqual("completion_tokens"u8) || name.SequenceEqual("output_tokens"u8) ? (AnswerField.Output, AnswerPart.Other)
        : name.SequenceEqual("total_tokens"u8) ? (AnswerField.Total, AnswerPart.Other)
        : name.SequenceEqual("prompt_cache_hit_tokens"u8) || name.SequenceEqual("cached_tokens"u8) ? (AnswerField.CachedInput, AnswerPart.Other)
        : name.SequenceEqual("cache_creation_input_tokens"u8) ? (AnswerField.CacheWriteInput, AnswerPart.Other)
        : name.SequenceEqual("prompt_tokens_details"u8) || name.SequenceEqual("input_tokens_details"u8) ? (AnswerField.None, AnswerPart.InputDetails)
        : name.SequenceEqual("completion_tokens_details"u8) || name.SequenceEqual("output_tokens_details"u8) ? (AnswerField.None, AnswerPart.OutputDetails)
        : default;

    private static (AnswerField Field, AnswerPart Part) OfChoice(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("message"u8) || name.SequenceEqual("delta"u8) ? (AnswerField.None, AnswerPart.Text)
        : name.SequenceEqual("text"u8) ? (AnswerField.Text, AnswerPart.Other)
        : name.SequenceEqual("finish_reason"u8) ? (AnswerField.FinishReason, AnswerPart.Other)
        : default;

    // Calls of tools nest in it; what they hold is generated, too.
    private static (AnswerField Field, AnswerPart Part) OfText(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("content"u8)
        || name.SequenceEqual("text"u8)
        || name.SequenceEqual("arguments"u8)
        || name.SequenceEqual("name"u8)
        || name.SequenceEqual("refusal"u8)
        || name.SequenceEqual("reasoning_content"u8)
        || name.SequenceEqual("reasoning"u8)
        || name.SequenceEqual("transcript"u8)
        || name.SequenceEqual("input"u8)
        || name.SequenceEqual("code"u8) ? (AnswerField.Text, AnswerPart.Text)
        : name.SequenceEqual("annotations"u8) || name.SequenceEqual("logprobs"u8) ? default
        : (AnswerField.None, AnswerPart.Text);
}
