namespace OpenAi.Gateway;

/// <summary>The objects of an answer that a stream gives in pieces.</summary>
internal enum AssembledPart
{
    /// <summary>The answer itself.</summary>
    Answer,

    /// <summary>One of its <c>choices</c>.</summary>
    Choice,

    /// <summary>A choice's <c>delta</c>, of which its <c>message</c> is made.</summary>
    Message,

    /// <summary>One of the <c>tool_calls</c>.</summary>
    ToolCall,

    /// <summary>What is called, with what: <c>function</c>, <c>custom</c> or <c>function_call</c>.</summary>
    Call,

    /// <summary>A choice's <c>logprobs</c>.</summary>
    Logprobs,
}
