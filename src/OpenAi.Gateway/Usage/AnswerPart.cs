namespace OpenAi.Gateway;

/// <summary>The parts of an answer that the gateway reads something from.</summary>
internal enum AnswerPart : byte
{
    /// <summary>Everything else.</summary>
    Other,

    /// <summary>The answer itself; in an event of the responses API, its <c>response</c>.</summary>
    Answer,

    /// <summary><c>usage</c>.</summary>
    Usage,

    /// <summary><c>prompt_tokens_details</c> or <c>input_tokens_details</c>.</summary>
    InputDetails,

    /// <summary><c>completion_tokens_details</c> or <c>output_tokens_details</c>.</summary>
    OutputDetails,

    /// <summary><c>incomplete_details</c> of the responses API.</summary>
    IncompleteDetails,

    /// <summary><c>choices</c>, and each of them.</summary>
    Choice,

    /// <summary>
    /// What holds generated text: a choice's <c>message</c> or <c>delta</c> with the calls of tools, and the <c>output</c> of the responses API.
    /// </summary>
    Text,
}
