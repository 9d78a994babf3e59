namespace OpenAi.Gateway;

/// <summary>The values that the gateway reads from an answer.</summary>
internal enum AnswerField : byte
{
    None,
    Model,
    Id,
    ServiceTier,
    FinishReason,
    Status,
    Error,
    Text,
    Input,
    Output,
    CachedInput,
    CacheWriteInput,
    Reasoning,
    Total,
}
