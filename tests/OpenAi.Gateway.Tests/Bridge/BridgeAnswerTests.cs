namespace OpenAi.Gateway.Tests.Bridge;

/// <summary>The conformance table of answers as JSON: what the upstream says, and what the client reads for it.</summary>
public class BridgeAnswerTests
{
    private const string Head = """{"id":"cmpl-1","object":"text_completion","created":7,"model":"m","choices":[""";

    /// <summary>A case's name, members of the request, the chat's choice and the legacy one.</summary>
    public static TheoryData<string, string, string, string> Choices => new()
    {
        {
            "text and reason", "", """{"index":0,"message":{"role":"assistant","content":"Hi\n\"you\" \u00e9"},"logprobs":null,"finish_reason":"stop"}""",
            """{"text":"Hi\n\"you\" \u00e9","index":0,"logprobs":null,"finish_reason":"stop"}"""
        },
        {
            "length", "", """{"index":0,"message":{"content":"Hi"},"finish_reason":"length"}""",
            """{"text":"Hi","index":0,"logprobs":null,"finish_reason":"length"}"""
        },
        {
            "content_filter", "", """{"index":0,"message":{"content":""},"finish_reason":"content_filter"}""",
            """{"text":"","index":0,"logprobs":null,"finish_reason":"content_filter"}"""
        },
        {
            "tool_calls", "", """{"index":0,"message":{"content":null,"tool_calls":[{"id":"t"}]},"finish_reason":"tool_calls"}""",
            """{"text":"","index":0,"logprobs":null,"finish_reason":"stop"}"""
        },
        {
            "function_call", "", """{"index":0,"message":{"content":null},"finish_reason":"function_call"}""",
            """{"text":"","index":0,"logprobs":null,"finish_reason":"stop"}"""
        },
        {
            "a reason that is not known", "", """{"index":0,"message":{"content":"a"},"finish_reason":"paused"}""",
            """{"text":"a","index":0,"logprobs":null,"finish_reason":"paused"}"""
        },
        { "no reason", "", """{"index":0,"message":{"content":"a"}}""", """{"text":"a","index":0,"logprobs":null,"finish_reason":null}""" },
        { "no content", "", """{"index":0,"message":{},"finish_reason":"stop"}""", """{"text":"","index":0,"logprobs":null,"finish_reason":"stop"}""" },
        {
            "a refusal is the text", "", """{"index":0,"message":{"content":null,"refusal":"I will not."},"finish_reason":"stop"}""",
            """{"text":"I will not.","index":0,"logprobs":null,"finish_reason":"stop"}"""
        },
        {
            "parts of a text", "", """{"index":0,"message":{"content":[{"type":"text","text":"a\n"},{"text":"\u00e9","type":"text","annotations":[]},{"type":"text","text":""}]},"finish_reason":"stop"}""",
            """{"text":"a\n\u00e9","index":0,"logprobs":null,"finish_reason":"stop"}"""
        },
        { "no parts", "", """{"index":0,"message":{"content":[],"refusal":"No"},"finish_reason":"stop"}""", """{"text":"No","index":0,"logprobs":null,"finish_reason":"stop"}""" },
        {
            "reasoning is not the text", "", """{"index":0,"message":{"content":"a","reasoning_content":"b"},"finish_reason":"stop"}""",
            """{"text":"a","index":0,"logprobs":null,"finish_reason":"stop"}"""
        },
        { "a choice without number", "", """{"message":{"content":"a"},"finish_reason":"stop"}""", """{"text":"a","index":0,"logprobs":null,"finish_reason":"stop"}""" },
        {
            "members in another order", "", """{"finish_reason":"stop","message":{"refusal":null,"content":"a"},"index":0}""",
            """{"text":"a","index":0,"logprobs":null,"finish_reason":"stop"}"""
        },
        {
            "members that are not known", "", """{"index":0,"message":{"content":"a"},"content_filter_results":{"hate":{"filtered":false}},"finish_reason":"stop"}""",
            """{"text":"a","index":0,"logprobs":null,"finish_reason":"stop","content_filter_results":{"hate":{"filtered":false}}}"""
        },
        {
            "echo", """ "echo":true,""", """{"index":0,"message":{"content":" a"},"finish_reason":"stop"}""",
            """{"text":"Say \u00e9 a","index":0,"logprobs":null,"finish_reason":"stop"}"""
        },
        {
            "logprobs: four lists, offsets from the prompt's beginning", """ "logprobs":2,""",
            """
            {"index":0,"message":{"content":"Hi é"},"logprobs":{"content":[
            {"token":"Hi","logprob":-0.1,"bytes":[72,105],"top_logprobs":[{"token":"Hi","logprob":-0.1,"bytes":[72,105]},{"token":"Ho","logprob":-2.5,"bytes":null}]},
            {"token":" é","logprob":-0.25,"bytes":null,"top_logprobs":[{"token":"x","logprob":-0.2,"bytes":null},{"token":"y","logprob":-0.24,"bytes":null}]},
            {"token":"!","logprob":-1e-05,"bytes":[33],"top_logprobs":[]}],"refusal":null},"finish_reason":"stop"}
            """,
            """
            {"text":"Hi é","index":0,"logprobs":{"tokens":["Hi"," é","!"],"token_logprobs":[-0.1,-0.25,-1e-05],"top_logprobs":[{"Hi":-0.1,"Ho":-2.5},{"x":-0.2,"y":-0.24," é":-0.25},{"!":-1e-05}],"text_offset":[5,7,9]},"finish_reason":"stop"}
            """
        },
        {
            "logprobs: a character of two tokens", """ "logprobs":0,""",
            """
            {"index":0,"message":{"content":"😀."},"logprobs":{"content":[
            {"token":"\\xf0\\x9f","logprob":-1,"bytes":[240,159],"top_logprobs":[]},{"token":"\\x98\\x80","logprob":-2,"bytes":[152,128],"top_logprobs":[]},
            {"token":".","logprob":-3,"bytes":[46],"top_logprobs":[]}]},"finish_reason":"stop"}
            """,
            """
            {"text":"😀.","index":0,"logprobs":{"tokens":["\\xf0\\x9f","\\x98\\x80","."],"token_logprobs":[-1,-2,-3],"top_logprobs":[{"\\xf0\\x9f":-1},{"\\x98\\x80":-2},{".":-3}],"text_offset":[5,6,6]},"finish_reason":"stop"}
            """
        },
        {
            "logprobs: two candidates with one text", """ "logprobs":2,""",
            """{"index":0,"message":{"content":"a"},"logprobs":{"content":[{"token":"a","logprob":-1,"top_logprobs":[{"token":"a","logprob":-1},{"token":"a","logprob":-2}]}]},"finish_reason":"stop"}""",
            """{"text":"a","index":0,"logprobs":{"tokens":["a"],"token_logprobs":[-1],"top_logprobs":[{"a":-1}],"text_offset":[5]},"finish_reason":"stop"}"""
        },
        {
            "logprobs of a refusal", """ "logprobs":0,""",
            """{"index":0,"message":{"content":null,"refusal":"No"},"logprobs":{"content":null,"refusal":[{"token":"No","logprob":-1,"top_logprobs":[]}]},"finish_reason":"stop"}""",
            """{"text":"No","index":0,"logprobs":{"tokens":["No"],"token_logprobs":[-1],"top_logprobs":[{"No":-1}],"text_offset":[5]},"finish_reason":"stop"}"""
        },
        {
            "logprobs that the upstream does not have", """ "logprobs":1,""", """{"index":0,"message":{"content":"a"},"logprobs":{"content":null},"finish_reason":"stop"}""",
            """{"text":"a","index":0,"logprobs":null,"finish_reason":"stop"}"""
        },
        {
            "logprobs nobody asked for", "", """{"index":0,"message":{"content":"a"},"logprobs":{"content":[{"token":"a","logprob":-1}]},"finish_reason":"stop"}""",
            """{"text":"a","index":0,"logprobs":null,"finish_reason":"stop"}"""
        },
    };

    /// <summary>A case's name, the chat's members beside its choices, and the text completion's.</summary>
    public static TheoryData<string, string, string> Envelopes => new()
    {
        { "usage as it is", """ "id":"chatcmpl-1","created":7,"usage":{"prompt_tokens":1,"x":{"y": 2}}""", """ "usage":{"prompt_tokens":1,"x":{"y": 2}}""" },
        { "usage null", """ "id":"chatcmpl-1","created":7,"usage":null""", "" },
        { "usage absent", """ "id":"chatcmpl-1","created":7""", "" },
        {
            "fingerprint, tier and what is not known", """ "id":"chatcmpl-1","created":7,"model":"gpt","system_fingerprint":"fp","service_tier":"default","x":[1]""",
            """ "system_fingerprint":"fp","service_tier":"default","x":[1]"""
        },
        { "another kind of identifier", """ "id":"1","created":7""", "" },
        { "no error", """ "id":"chatcmpl-1","created":7,"error":null""", """ "error":null""" },
    };

    /// <summary>A case's name, and a body that is none of a chat completion.</summary>
    public static TheoryData<string, string> Wrong => new()
    {
        { "no JSON", "<html>" },
        { "a list", "[]" },
        { "cut", """{"id":"chatcmpl-1","choices":[""" },
        { "something behind it", """{"choices":[{"index":0,"message":{"content":"a"}}]} x""" },
        { "no choices", """{"id":"chatcmpl-1"}""" },
        { "choices null", """{"choices":null}""" },
        { "an error with status 200", """{"error":{"message":"a"},"choices":[]}""" },
        { "a text completion with an error", """{"object":"text_completion","choices":[{"index":0,"text":"a"}],"error":{}}""" },
        { "a choice that nobody asked for", """{"choices":[{"index":1,"message":{"content":"a"}}]}""" },
        { "a negative choice", """{"choices":[{"index":-1,"message":{"content":"a"}}]}""" },
        { "a choice that is none", """{"choices":["a"]}""" },
        { "content that is no text", """{"choices":[{"index":0,"message":{"content":{"type":"text","text":"a"}}}]}""" },
        { "a part of the content that is no text", """{"choices":[{"index":0,"message":{"content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"u"}}]}}]}""" },
        { "a part of another kind that has a text", """{"choices":[{"index":0,"message":{"content":[{"type":"thinking","text":"a"}]}}]}""" },
        { "a part without kind", """{"choices":[{"index":0,"message":{"content":[{"text":"a"}]}}]}""" },
        { "a part without text", """{"choices":[{"index":0,"message":{"content":[{"type":"text"}]}}]}""" },
        { "a part whose text is none", """{"choices":[{"index":0,"message":{"content":[{"type":"text","text":{"value":"a"}}]}}]}""" },
        { "a part that is no object", """{"choices":[{"index":0,"message":{"content":["a"]}}]}""" },
    };

    [Theory]
    [MemberData(nameof(Choices))]
    public void A_choice_becomes_a_legacy_one(string name, string sent, string chat, string expected)
    {
        var request = BridgeText.Request($$"""{"model":"m",{{sent.Trim()}}"prompt":"Say \u00e9"}""");

        BridgeText.Answer(request, $$"""{"id":"chatcmpl-1","object":"chat.completion","created":7,"model":"gpt","choices":[{{chat}}]}""")
            .ShouldBe($"{Head}{expected}]}}", name);
    }

    [Theory]
    [MemberData(nameof(Envelopes))]
    public void The_members_around_the_choices_are_kept(string name, string chat, string expected)
    {
        var request = BridgeText.Request("""{"model":"m","prompt":"a"}""");

        BridgeText.Answer(request, $$"""{{{chat.Trim()}},"choices":[]}""").ShouldBe($$"""{{Head}}]{{(expected.Length > 0 ? "," : "")}}{{expected.Trim()}}}""", name);
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_no_chat_completion_is_refused(string name, string chat) =>
        BridgeText.Answer(BridgeText.Request("""{"model":"m","prompt":"a"}"""), chat).ShouldBeNull(name);

    [Theory]
    [InlineData("identifier and time absent", "")]
    [InlineData("identifier empty and time 0", """ "id":"","created":0,""")]
    [InlineData("identifier and time of another kind", """ "id":1,"created":"now",""")]
    public void What_the_upstream_does_not_say_is_made_up(string name, string chat)
    {
        var request = BridgeText.Request("""{"model":"m","prompt":"a"}""");

        BridgeText.Answer(request, $$"""{{{chat.Trim()}}"choices":[]}""")
            .ShouldNotBeNull().ShouldMatch("""^\{"id":"cmpl-[0-9a-f]{32}","object":"text_completion","created":1893456000,"model":"m","choices":\[\]\}$""", name);
    }

    [Fact]
    public void Several_prompts_and_choices_are_one_answer()
    {
        var request = BridgeText.Request("""{"model":"m","prompt":["a","b"],"n":2,"echo":true}""");

        BridgeText.Answer(
            request,
            """{"id":"chatcmpl-1","created":7,"choices":[{"index":1,"message":{"content":"2"}},{"index":0,"message":{"content":"1"}}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"prompt_tokens_details":{"cached_tokens":4},"cost":0.1,"note":"a"},"system_fingerprint":"fp1"}""",
            """{"id":"chatcmpl-2","created":8,"choices":[{"index":0,"message":{"content":"3"}},{"index":1,"message":{"content":"4"}}],"usage":{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30,"prompt_tokens_details":{"cached_tokens":40,"audio_tokens":5},"cost":0.25},"system_fingerprint":"fp2"}""")
            .ShouldBe(
                Head + """{"text":"a2","index":1,"logprobs":null,"finish_reason":null},{"text":"a1","index":0,"logprobs":null,"finish_reason":null},"""
                + """{"text":"b3","index":2,"logprobs":null,"finish_reason":null},{"text":"b4","index":3,"logprobs":null,"finish_reason":null}],"""
                + """ "usage":{"prompt_tokens":11,"completion_tokens":22,"total_tokens":33,"prompt_tokens_details":{"cached_tokens":44,"audio_tokens":5},"cost":0.35},""".TrimStart()
                + """ "system_fingerprint":"fp1"}""".TrimStart());
    }

    [Fact]
    public void Numbers_of_a_usage_that_are_beyond_all_sense_are_left_out()
    {
        const string usage = """{"id":"1","created":7,"choices":[],"usage":{"prompt_tokens":1,"total_tokens":79228162514264337593543950335}}""";
        var request = BridgeText.Request("""{"model":"m","prompt":["a","b"]}""");

        BridgeText.Answer(request, usage, usage).ShouldEndWith(""" "usage":{"prompt_tokens":2}}""".TrimStart());
    }

    [Fact]
    public void A_usage_that_lacks_a_call_is_not_told()
    {
        var request = BridgeText.Request("""{"model":"m","prompt":["a","b"]}""");

        BridgeText.Answer(request, """{"id":"1","created":7,"choices":[],"usage":{"prompt_tokens":1}}""", """{"choices":[]}""").ShouldBe(Head + "]}");
    }

    [Fact]
    public void The_answer_of_every_call_must_be_one() => BridgeText.Answer(
        BridgeText.Request("""{"model":"m","prompt":["a","b"]}"""), """{"id":"1","created":7,"choices":[]}""", """{"id":"1"}""").ShouldBeNull();
}
