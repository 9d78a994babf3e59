using System.Text.Json.Nodes;

namespace OpenAiSimulator;

internal sealed record Usage(int Input, int Output)
{
    public static Usage Of(IEnumerable<string> inputs, IEnumerable<Answer> answers) =>
        new(inputs.Sum(Answer.CountTokens), answers.Sum(answer => answer.Tokens.Count));

    public JsonObject ToJson() => new()
    {
        ["prompt_tokens"] = Input,
        ["completion_tokens"] = Output,
        ["total_tokens"] = Input + Output,
    };

    public JsonObject ToResponsesJson() => new()
    {
        ["input_tokens"] = Input,
        ["input_tokens_details"] = new JsonObject { ["cached_tokens"] = 0 },
        ["output_tokens"] = Output,
        ["output_tokens_details"] = new JsonObject { ["reasoning_tokens"] = 0 },
        ["total_tokens"] = Input + Output,
    };
}
