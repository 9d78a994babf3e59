using System.Globalization;
using System.Text;
using System.Text.Json;

namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>
/// The answer to a question, drawn from its seed: the stand-in sends it, and the client knows what it must get. Usage is told in the form in
/// which the API tells it.
/// </summary>
internal sealed class LedgerAnswer
{
    private static readonly string[] Words =
        [" soap", "Grüße", " 日本", " \"usage\":null,", "\n\ndata: [DONE]\n\n", " \"text\":\"x\"", "\\", " a", "}", " finish_reason", " \r\n: b"];

    private readonly Random _random;
    private readonly LedgerQuestion _question;

    private LedgerAnswer(LedgerQuestion question)
    {
        _question = question;
        _random = new Random(question.Seed);
        Usage = DrawUsage();
        var words = Enumerable.Range(0, 1 + _random.Next(20)).Select(_ => Words[_random.Next(Words.Length)]).ToArray();
        var text = question.IsStream ? Stream(words) : Json(string.Concat(words));

        // A server may leave out the blank line behind the last event.
        Bytes = Encoding.UTF8.GetBytes(question.IsStream && _random.Next(8) == 0 ? text.TrimEnd('\n') : text);
        TellsUsage = !question.IsStream || question.AsksForUsage || question.Operation == ModelOperation.Responses;
    }

    public TokenUsage Usage { get; }

    public byte[] Bytes { get; }

    /// <summary>Whether the bytes tell the usage.</summary>
    public bool TellsUsage { get; }

    /// <summary>Where the first event with generated text ends.</summary>
    public int FirstTextEnd { get; private set; }

    public static LedgerAnswer To(LedgerQuestion question) => new(question);

    private TokenUsage DrawUsage()
    {
        var (input, output) = (1 + _random.Next(5_000), _question.Operation == ModelOperation.Embeddings ? 0 : 1 + _random.Next(2_000));
        return _question.Operation is ModelOperation.Embeddings or ModelOperation.Completions
            ? new TokenUsage(input, output)
            : new TokenUsage(input, output, _random.Next(2) * _random.Next(input), _random.Next(3) == 0 ? 1 : 0, _random.Next(2) * _random.Next(output));
    }

    private string Json(string text) => _question.Operation switch
    {
        ModelOperation.ChatCompletions =>
            $$"""{"id":"chatcmpl-1","object":"chat.completion","model":"{{Model}}","choices":[{"index":0,"message":{"role":"assistant","content":{{Quoted(text)}}},"finish_reason":"stop"}],"usage":{{ChatUsage}},"service_tier":"default"}""",
        ModelOperation.Completions =>
            $$"""{"id":"cmpl-1","object":"text_completion","model":"{{Model}}","choices":[{"text":{{Quoted(text)}},"index":0,"logprobs":null,"finish_reason":"length"}],"usage":{{ChatUsage}}}""",
        ModelOperation.Responses => Response("completed", text, ResponseUsage),
        _ => $$$"""{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1,-0.2]}],"model":"{{{Model}}}","usage":{"prompt_tokens":{{{Usage.Input}}},"total_tokens":{{{Usage.Input}}}}}""",
    };

    private string Stream(string[] words) => _question.Operation == ModelOperation.Responses ? ResponseStream(words) : ChoiceStream(words);

    private string ChoiceStream(string[] words)
    {
        var isChat = _question.Operation == ModelOperation.ChatCompletions;
        var head = isChat
            ? $$"""{"id":"chatcmpl-1","object":"chat.completion.chunk","model":"{{Model}}","service_tier":"default","choices":["""
            : $$"""{"id":"cmpl-1","object":"text_completion","model":"{{Model}}","choices":[""";
        var tail = _question.AsksForUsage ? "],\"usage\":null}\n\n" : "]}\n\n";
        var stream = new StringBuilder();
        foreach (var word in words)
        {
            var choice = isChat ? $$"""{"index":0,"delta":{"content":{{Quoted(word)}}},"finish_reason":null}""" : $$"""{"text":{{Quoted(word)}},"index":0,"finish_reason":null}""";
            stream.Append("data: ").Append(head).Append(choice).Append(tail);
            NoteFirstText(stream);
        }

        var last = isChat ? """{"index":0,"delta":{},"finish_reason":"stop"}""" : """{"text":"","index":0,"finish_reason":"length"}""";
        stream.Append("data: ").Append(head).Append(last).Append(tail);
        if (_question.AsksForUsage)
        {
            stream.Append("data: ").Append(head).Append("],\"usage\":").Append(ChatUsage).Append("}\n\n");
        }

        return stream.Append("data: [DONE]\n\n").ToString();
    }

    private string ResponseStream(string[] words)
    {
        var stream = new StringBuilder($"event: response.created\ndata: {{\"type\":\"response.created\",\"response\":{Response("in_progress", "", "null")}}}\n\n");
        foreach (var word in words)
        {
            stream.Append("event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":").Append(Quoted(word)).Append("}\n\n");
            NoteFirstText(stream);
        }

        var whole = Response("completed", string.Concat(words), ResponseUsage);
        return stream.Append($"event: response.completed\ndata: {{\"type\":\"response.completed\",\"response\":{whole}}}\n\n").ToString();
    }

    private string Response(string status, string text, string usage) =>
        $$"""{"id":"resp_1","object":"response","status":"{{status}}","model":"{{Model}}","output":[{"type":"message","content":[{"type":"output_text","text":{{Quoted(text)}}}]}],"service_tier":"default","usage":{{usage}}}""";

    private void NoteFirstText(StringBuilder stream) => FirstTextEnd = FirstTextEnd == 0 ? Encoding.UTF8.GetByteCount(stream.ToString()) : FirstTextEnd;

    private string Model => _question.Model + "-2026";

    private string ChatUsage => _question.Operation == ModelOperation.Completions
        ? Text($$"""{"prompt_tokens":{{Usage.Input}},"completion_tokens":{{Usage.Output}},"total_tokens":{{Usage.Total}}}""")
        : Text($$$"""{"prompt_tokens":{{{Usage.Input}}},"completion_tokens":{{{Usage.Output}}},"total_tokens":{{{Usage.Total}}},"prompt_tokens_details":{"cached_tokens":{{{Usage.CachedInput}}},"cache_write_tokens":{{{Usage.CacheWriteInput}}}},"completion_tokens_details":{"reasoning_tokens":{{{Usage.Reasoning}}}}}""");

    private string ResponseUsage =>
        Text($$$"""{"input_tokens":{{{Usage.Input}}},"input_tokens_details":{"cached_tokens":{{{Usage.CachedInput}}},"cache_write_tokens":{{{Usage.CacheWriteInput}}}},"output_tokens":{{{Usage.Output}}},"output_tokens_details":{"reasoning_tokens":{{{Usage.Reasoning}}}},"total_tokens":{{{Usage.Total}}}}""");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
