namespace OpenAi.Gateway;

/// <summary>The fields of a request that the gateway acts on, in the order of <see cref="ModelFields.Names"/>.</summary>
[Flags]
internal enum ModelField
{
    None = 0,
    Model = 1,
    Stream = 2,
    StreamOptions = 4,
    MaxTokens = 8,
    MaxCompletionTokens = 16,
    MaxOutputTokens = 32,
    N = 64,
    BestOf = 128,
    Prompt = 256,
    Input = 512,
    ServiceTier = 1024,
    Background = 2048,
    Models = 4096,
    Fallbacks = 8192,
}
