namespace OpenAi.Gateway;

/// <summary>The fields of a legacy request that the bridge acts on. All others reach the upstream as they are.</summary>
[Flags]
internal enum BridgeField
{
    None = 0,
    Model = 1,
    Prompt = 2,
    MaxTokens = 4,
    N = 8,
    BestOf = 16,
    Stream = 32,
    StreamOptions = 64,
    Suffix = 128,
    Echo = 256,
    Logprobs = 512,

    /// <summary>A field of chat requests that would contradict what the bridge writes, or ask for what a text completion has no place for.</summary>
    ChatOnly = 1024,
}
