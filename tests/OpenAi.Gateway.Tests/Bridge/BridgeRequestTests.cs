using System.Buffers;
using System.Text;

namespace OpenAi.Gateway.Tests.Bridge;

/// <summary>The conformance table of requests: what the client sends, and what the upstream gets for it.</summary>
public class BridgeRequestTests
{
    private const string Rest = """ "messages":[{"role":"user","content":"Say hi"}]}""";

    /// <summary>A case's name, the members beside model and prompt, and the members of the chat request beside model and messages.</summary>
    public static TheoryData<string, string, string> Fields => new()
    {
        { "max_tokens absent: the legacy default", "", """ "max_completion_tokens":16""" },
        { "max_tokens null: the legacy default", """ "max_tokens":null""", """ "max_completion_tokens":16""" },
        { "max_tokens", """ "max_tokens":256""", """ "max_completion_tokens":256""" },
        { "max_tokens 1: the least", """ "max_tokens":1""", """ "max_completion_tokens":1""" },
        { "temperature", """ "temperature":0""", """ "max_completion_tokens":16,"temperature":0""" },
        { "temperature as the client wrote it", """ "temperature":0.70""", """ "max_completion_tokens":16,"temperature":0.70""" },
        { "temperature null", """ "temperature":null""", """ "max_completion_tokens":16,"temperature":null""" },
        { "top_p", """ "top_p":0.1""", """ "max_completion_tokens":16,"top_p":0.1""" },
        { "n", """ "n":3""", """ "max_completion_tokens":16,"n":3""" },
        { "n null", """ "n":null""", """ "max_completion_tokens":16,"n":null""" },
        { "n 128: the most", """ "n":128""", """ "max_completion_tokens":16,"n":128""" },
        { "stop: a string", """ "stop":"\n" """, """ "max_completion_tokens":16,"stop":"\n" """ },
        { "stop: a list", """ "stop":["a","b"]""", """ "max_completion_tokens":16,"stop":["a","b"]""" },
        { "stop null", """ "stop":null""", """ "max_completion_tokens":16,"stop":null""" },
        { "presence_penalty", """ "presence_penalty":-2""", """ "max_completion_tokens":16,"presence_penalty":-2""" },
        { "frequency_penalty", """ "frequency_penalty":1.5""", """ "max_completion_tokens":16,"frequency_penalty":1.5""" },
        { "logit_bias", """ "logit_bias":{"50256":-100}""", """ "max_completion_tokens":16,"logit_bias":{"50256":-100}""" },
        { "seed", """ "seed":9223372036854775807""", """ "max_completion_tokens":16,"seed":9223372036854775807""" },
        { "user", """ "user":"u-1" """, """ "max_completion_tokens":16,"user":"u-1" """ },
        { "logprobs null", """ "logprobs":null""", """ "max_completion_tokens":16""" },
        { "logprobs 0: only the token taken", """ "logprobs":0""", """ "max_completion_tokens":16,"logprobs":true,"top_logprobs":0""" },
        { "logprobs 5: the most", """ "logprobs":5""", """ "max_completion_tokens":16,"logprobs":true,"top_logprobs":5""" },
        { "stream", """ "stream":true""", """ "max_completion_tokens":16,"stream":true""" },
        { "stream false", """ "stream":false""", """ "max_completion_tokens":16,"stream":false""" },
        { "stream null", """ "stream":null""", """ "max_completion_tokens":16,"stream":null""" },
        {
            "stream_options: all of them", """ "stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false,"x":1}""",
            """ "max_completion_tokens":16,"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false,"x":1}"""
        },
        { "stream_options null", """ "stream_options":null""", """ "max_completion_tokens":16,"stream_options":null""" },
        { "suffix null", """ "suffix":null""", """ "max_completion_tokens":16""" },
        { "suffix empty", """ "suffix":"" """, """ "max_completion_tokens":16""" },
        { "echo: the bridge does it", """ "echo":true""", """ "max_completion_tokens":16""" },
        { "echo false", """ "echo":false""", """ "max_completion_tokens":16""" },
        { "echo null", """ "echo":null""", """ "max_completion_tokens":16""" },
        { "echo false with logprobs", """ "echo":false,"logprobs":1""", """ "max_completion_tokens":16,"logprobs":true,"top_logprobs":1""" },
        { "best_of null", """ "best_of":null""", """ "max_completion_tokens":16""" },
        { "best_of 1 without n", """ "best_of":1""", """ "max_completion_tokens":16""" },
        { "best_of as n", """ "best_of":2,"n":2""", """ "max_completion_tokens":16,"n":2""" },
        { "best_of as n, as a stream", """ "best_of":2,"n":2,"stream":true""", """ "max_completion_tokens":16,"n":2,"stream":true""" },
        {
            "unknown fields", """ "reasoning_effort":"low","x":{"y":[1,2]},"z":null""",
            """ "max_completion_tokens":16,"reasoning_effort":"low","x":{"y":[1,2]},"z":null"""
        },
        { "a field that passes may stand twice", """ "top_p":1,"top_p":0.5""", """ "max_completion_tokens":16,"top_p":1,"top_p":0.5""" },
        { "a field with an escaped name", """ "max\u005ftokens":3""", """ "max_completion_tokens":3""" },
        { "a chat's field that is null is not there", """ "tools":null""", """ "max_completion_tokens":16""" },
    };

    /// <summary>A case's name, the prompt, and the user message of each call.</summary>
    public static TheoryData<string, string, string[]> Prompts => new()
    {
        { "a string", """ "Say hi" """, ["\"Say hi\""] },
        { "an empty string", """ "" """, ["\"\""] },
        { "escapes stay as they are", """ "a\n\u00e9\ud83d\ude00\/\"" """, ["""
            "a\n\u00e9\ud83d\ude00\/\""
            """] },
        { "letters outside ASCII", """ "Grüße 😀" """, ["\"Grüße 😀\""] },
        { "an array of one string", """["a"]""", ["\"a\""] },
        { "an array of strings: one call each", """["a", "b","c"]""", ["\"a\"", "\"b\"", "\"c\""] },
        { "twenty strings: as many as the option allows", $"[{string.Join(',', Enumerable.Repeat("\"a\"", 20))}]", [.. Enumerable.Repeat("\"a\"", 20)] },
    };

    /// <summary>A case's name, the body, and code and param of the 400.</summary>
    public static TheoryData<string, string, string, string?> Errors => new()
    {
        { "no JSON", "prompt=Say hi", "invalid_json", null },
        { "empty", "", "invalid_json", null },
        { "cut", """{"model":"m","prompt":"a" """, "invalid_json", null },
        { "two objects", """{"model":"m","prompt":"a"} {}""", "invalid_json", null },
        { "a trailing comma", """{"model":"m","prompt":"a",}""", "invalid_json", null },
        { "a list", """[{"model":"m","prompt":"a"}]""", "invalid_json", null },
        { "too deep", $$"""{"model":"m","prompt":"a","x":{{new string('[', 80)}}{{new string(']', 80)}}}""", "invalid_json", null },
        { "model absent", """{"prompt":"a"}""", "missing_required_parameter", "model" },
        { "model null", """{"model":null,"prompt":"a"}""", "missing_required_parameter", "model" },
        { "model empty", """{"model":"","prompt":"a"}""", "missing_required_parameter", "model" },
        { "model: a number", """{"model":1,"prompt":"a"}""", "invalid_value", "model" },
        { "model: half a character", """{"model":"\ud83d","prompt":"a"}""", "invalid_value", "model" },
        { "model twice", """{"model":"m","prompt":"a","model":"m2"}""", "duplicate_parameter", "model" },
        { "model twice, one escaped", """{"model":"m","prompt":"a","mod\u0065l":"m2"}""", "duplicate_parameter", "model" },
        { "prompt absent", """{"model":"m"}""", "missing_required_parameter", "prompt" },
        { "prompt null", """{"model":"m","prompt":null}""", "missing_required_parameter", "prompt" },
        { "prompt: a number", """{"model":"m","prompt":1}""", "invalid_value", "prompt" },
        { "prompt: an object", """{"model":"m","prompt":{}}""", "invalid_value", "prompt" },
        { "prompt: an empty array", """{"model":"m","prompt":[]}""", "invalid_value", "prompt" },
        { "prompt: tokens", """{"model":"m","prompt":[1,2,3]}""", "unsupported_parameter", "prompt" },
        { "prompt: arrays of tokens", """{"model":"m","prompt":[[1,2],[3]]}""", "unsupported_parameter", "prompt" },
        { "prompt: strings and tokens", """{"model":"m","prompt":["a",2]}""", "unsupported_parameter", "prompt" },
        { "prompt: a null among strings", """{"model":"m","prompt":["a",null]}""", "invalid_value", "prompt" },
        { "prompt: an object among strings", """{"model":"m","prompt":[{"a":1}]}""", "invalid_value", "prompt" },
        { "prompt: too many", $$"""{"model":"m","prompt":[{{string.Join(',', Enumerable.Repeat("\"a\"", 21))}}]}""", "invalid_value", "prompt" },
        { "prompt twice", """{"model":"m","prompt":"a","prompt":"b"}""", "duplicate_parameter", "prompt" },
        { "max_tokens 0", """{"model":"m","prompt":"a","max_tokens":0}""", "invalid_value", "max_tokens" },
        { "max_tokens negative", """{"model":"m","prompt":"a","max_tokens":-1}""", "invalid_value", "max_tokens" },
        { "max_tokens: a fraction", """{"model":"m","prompt":"a","max_tokens":1.5}""", "invalid_value", "max_tokens" },
        { "max_tokens: a string", """{"model":"m","prompt":"a","max_tokens":"16"}""", "invalid_value", "max_tokens" },
        { "max_tokens: larger than any number", """{"model":"m","prompt":"a","max_tokens":99999999999999999999}""", "invalid_value", "max_tokens" },
        { "max_tokens twice", """{"model":"m","prompt":"a","max_tokens":1,"max_tokens":9}""", "duplicate_parameter", "max_tokens" },
        { "n 0", """{"model":"m","prompt":"a","n":0}""", "invalid_value", "n" },
        { "n 129", """{"model":"m","prompt":"a","n":129}""", "invalid_value", "n" },
        { "n: a string", """{"model":"m","prompt":"a","n":"2"}""", "invalid_value", "n" },
        { "n twice", """{"model":"m","prompt":"a","n":1,"n":2}""", "duplicate_parameter", "n" },
        { "best_of more than n", """{"model":"m","prompt":"a","best_of":3,"n":2}""", "unsupported_parameter", "best_of" },
        { "best_of without n", """{"model":"m","prompt":"a","best_of":2}""", "unsupported_parameter", "best_of" },
        { "best_of as a stream", """{"model":"m","prompt":"a","best_of":2,"stream":true}""", "unsupported_parameter", "best_of" },
        { "best_of less than n", """{"model":"m","prompt":"a","best_of":1,"n":2}""", "invalid_value", "best_of" },
        { "best_of 0", """{"model":"m","prompt":"a","best_of":0}""", "invalid_value", "best_of" },
        { "best_of: a boolean", """{"model":"m","prompt":"a","best_of":true}""", "invalid_value", "best_of" },
        { "best_of twice", """{"model":"m","prompt":"a","best_of":1,"best_of":1}""", "duplicate_parameter", "best_of" },
        { "suffix", """{"model":"m","prompt":"a","suffix":"b"}""", "unsupported_parameter", "suffix" },
        { "suffix: a number", """{"model":"m","prompt":"a","suffix":1}""", "invalid_value", "suffix" },
        { "suffix twice", """{"model":"m","prompt":"a","suffix":null,"suffix":null}""", "duplicate_parameter", "suffix" },
        { "echo with logprobs", """{"model":"m","prompt":"a","echo":true,"logprobs":0}""", "unsupported_parameter", "echo" },
        { "echo: a number", """{"model":"m","prompt":"a","echo":1}""", "invalid_value", "echo" },
        { "echo twice", """{"model":"m","prompt":"a","echo":true,"echo":false}""", "duplicate_parameter", "echo" },
        { "logprobs 6", """{"model":"m","prompt":"a","logprobs":6}""", "invalid_value", "logprobs" },
        { "logprobs negative", """{"model":"m","prompt":"a","logprobs":-1}""", "invalid_value", "logprobs" },
        { "logprobs: a chat's boolean", """{"model":"m","prompt":"a","logprobs":true}""", "invalid_value", "logprobs" },
        { "logprobs twice", """{"model":"m","prompt":"a","logprobs":1,"logprobs":2}""", "duplicate_parameter", "logprobs" },
        { "stream: a string", """{"model":"m","prompt":"a","stream":"true"}""", "invalid_value", "stream" },
        { "stream twice", """{"model":"m","prompt":"a","stream":true,"stream":false}""", "duplicate_parameter", "stream" },
        { "stream_options: a list", """{"model":"m","prompt":"a","stream_options":[]}""", "invalid_value", "stream_options" },
        { "stream_options twice", """{"model":"m","prompt":"a","stream_options":{},"stream_options":{}}""", "duplicate_parameter", "stream_options" },
        {
            "include_usage: a number", """{"model":"m","prompt":"a","stream_options":{"include_usage":1}}""",
            "invalid_value", "stream_options.include_usage"
        },
        {
            "include_usage twice", """{"model":"m","prompt":"a","stream_options":{"include_usage":true,"include_usage":false}}""",
            "duplicate_parameter", "stream_options.include_usage"
        },
        { "a chat's messages", """{"model":"m","prompt":"a","messages":[]}""", "unsupported_parameter", "messages" },
        { "a chat's max_completion_tokens", """{"model":"m","prompt":"a","max_completion_tokens":9}""", "unsupported_parameter", "max_completion_tokens" },
        { "a chat's top_logprobs", """{"model":"m","prompt":"a","top_logprobs":9}""", "unsupported_parameter", "top_logprobs" },
        { "a chat's tools", """{"model":"m","prompt":"a","tools":[]}""", "unsupported_parameter", "tools" },
        { "a chat's functions", """{"model":"m","prompt":"a","functions":[]}""", "unsupported_parameter", "functions" },
        { "a chat's audio", """{"model":"m","prompt":"a","audio":{}}""", "unsupported_parameter", "audio" },
    };

    [Theory]
    [MemberData(nameof(Fields))]
    public void A_field_becomes_its_counterpart(string name, string sent, string expected)
    {
        var request = BridgeText.Request($$"""{"model":"m","prompt":"Say hi"{{(sent.Length > 0 ? "," : "")}}{{sent.Trim()}}}""");

        ChatBody(request, 0).ShouldBe($$"""{"model":"m",{{expected.Trim()}},{{Rest.Trim()}}""", name);
    }

    [Theory]
    [MemberData(nameof(Prompts))]
    public void A_prompt_becomes_a_user_message(string name, string prompt, string[] expected)
    {
        var request = BridgeText.Request($$"""{"prompt":{{prompt}},"model":"m"}""");

        Enumerable.Range(0, request.Prompts).Select(call => ChatBody(request, call)).ShouldBe(
            expected.Select(text => $$"""{"model":"m","max_completion_tokens":16,"messages":[{"role":"user","content":{{text}}}]}"""), name);
    }

    [Theory]
    [MemberData(nameof(Errors))]
    public void What_is_wrong_or_has_no_counterpart_is_told(string name, string sent, string code, string? param)
    {
        var error = BridgeRequest.Parse(Encoding.UTF8.GetBytes(sent), BridgeText.Bridge(), out var request);

        (error?.Status, error?.Type, error?.Code, error?.Param).ShouldBe((400, "invalid_request_error", code, param), name);
        request.ShouldBeNull();
    }

    [Fact]
    public void Members_in_any_order_and_with_any_white_space_are_read()
    {
        var request = BridgeText.Request("""
             { "stream" : true , "n" : 2, "max_tokens": 7 , "stream_options" : { "include_usage" : true }, "prompt": [ "a" , "b" ],
               "echo": true, "model" : "text-\u0064avinci-003" }
            """);

        (request.AskedModel, request.Model, request.Prompts, request.Choices).ShouldBe(("text-davinci-003", "text-davinci-003", 2, 2));
        (request.MaxTokens, request.IsStream, request.AsksForUsage, request.IsEcho, request.HasLogprobs).ShouldBe((7, true, true, true, false));
        ChatBody(request, 1).ShouldBe("""
            {"model":"text-\u0064avinci-003","max_completion_tokens":7,"stream" : true,"n" : 2,"stream_options" : { "include_usage" : true },"messages":[{"role":"user","content":"b"}]}
            """);
    }

    internal static string ChatBody(BridgeRequest request, int call)
    {
        var output = new ArrayBufferWriter<byte>();
        request.WriteChatBody(call, new BodyForm(request.Model, false, null), output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
