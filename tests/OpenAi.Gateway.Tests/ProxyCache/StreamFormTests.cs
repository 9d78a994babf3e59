using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace OpenAi.Gateway.Tests.ProxyCache;

/// <summary>A stream as the JSON object, and the object as a stream.</summary>
public class StreamFormTests
{
    private const string Head = "\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"m-1\",\"system_fingerprint\":\"fp\",\"service_tier\":\"default\"";
    private const string JsonHead = "\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":7,\"model\":\"m-1\",\"system_fingerprint\":\"fp\",\"service_tier\":\"default\"";
    private const string Usage = "{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5,\"completion_tokens_details\":{\"reasoning_tokens\":1}}";

    private static readonly JsonSerializerOptions WithLines = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static TheoryData<string, string[], string> Chats { get; } = new()
    {
        {
            "texts, with escapes and a surrogate pair in two pieces",
            [
                """{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}""",
                """{"index":0,"delta":{"content":"Gr\u00fc\"ße\n"},"logprobs":null,"finish_reason":null}""",
                """{"index":0,"delta":{"content":" \ud83d"},"logprobs":null,"finish_reason":null}""",
                """{"index":0,"delta":{"content":"\ude00 [DONE]"},"logprobs":null,"finish_reason":null}""",
                """{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}""",
            ],
            """[{"index":0,"message":{"role":"assistant","content":"Gr\u00fc\"ße\n \ud83d\ude00 [DONE]","refusal":null},"logprobs":null,"finish_reason":"stop"}]"""
        },
        {
            "a refusal and what a model thought",
            [
                """{"index":0,"delta":{"reasoning_content":"hm"},"finish_reason":null}""",
                """{"index":0,"delta":{"reasoning_content":"m","refusal":"I can"},"finish_reason":null}""",
                """{"index":0,"delta":{"refusal":"not"},"finish_reason":"content_filter"}""",
            ],
            """[{"index":0,"message":{"role":"assistant","content":null,"reasoning_content":"hmm","refusal":"I cannot"},"finish_reason":"content_filter"}]"""
        },
        {
            "calls of tools",
            [
                """{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"weather","arguments":""}}]},"finish_reason":null}""",
                """{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]},"finish_reason":null}""",
                """{"index":0,"delta":{"tool_calls":[{"index":1,"id":"call_2","type":"function","function":{"name":"time","arguments":"{"}}]},"finish_reason":null}""",
                """{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"Ulm\"}"}},{"index":1,"function":{"arguments":"}"}}]},"finish_reason":null}""",
                """{"index":0,"delta":{},"finish_reason":"tool_calls"}""",
            ],
            """[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Ulm\"}"}},{"id":"call_2","type":"function","function":{"name":"time","arguments":"{}"}}]},"finish_reason":"tool_calls"}]"""
        },
        {
            "empty texts of servers that repeat every member in each event",
            [
                """{"index":0,"delta":{"role":"assistant","content":"","tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"weather","arguments":""}}]},"finish_reason":""}""",
                """{"index":0,"delta":{"role":"","content":"","tool_calls":[{"index":0,"id":"","type":"function","function":{"name":"","arguments":"{}"}}]},"finish_reason":""}""",
                """{"index":0,"delta":{"role":"","content":"","tool_calls":[{"index":0,"id":"call_1","type":"","function":{"arguments":""}}]},"finish_reason":"tool_calls"}""",
                """{"index":0,"delta":{},"finish_reason":""}""",
            ],
            """[{"index":0,"message":{"role":"assistant","content":"","tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{}"}}]},"finish_reason":"tool_calls"}]"""
        },
        {
            "a call of the old form",
            [
                """{"index":0,"delta":{"role":"assistant","content":null,"function_call":{"name":"weather","arguments":"{"}},"finish_reason":null}""",
                """{"index":0,"delta":{"function_call":{"arguments":"}"}},"finish_reason":"function_call"}""",
            ],
            """[{"index":0,"message":{"role":"assistant","content":null,"function_call":{"name":"weather","arguments":"{}"}},"finish_reason":"function_call"}]"""
        },
        {
            "several choices in any order, and members that nobody knows",
            [
                """{"index":1,"delta":{"role":"assistant","content":"B"},"finish_reason":null}""",
                """{"index":0,"delta":{"role":"assistant","content":"A"},"x":1,"finish_reason":null},{"index":2,"delta":{"content":"C"},"finish_reason":null}""",
                """{"index":2,"delta":{"content":"c"},"finish_reason":"length"}""",
                """{"index":0,"delta":{"annotations":[{"a":1}]},"x":2,"finish_reason":"stop"}""",
                """{"index":1,"delta":{},"finish_reason":"stop"}""",
            ],
            """[{"index":0,"message":{"role":"assistant","content":"A","annotations":[{"a":1}]},"x":2,"finish_reason":"stop"},{"index":1,"message":{"role":"assistant","content":"B"},"finish_reason":"stop"},{"index":2,"message":{"role":"assistant","content":"Cc"},"finish_reason":"length"}]"""
        },
        {
            "probabilities",
            [
                """{"index":0,"delta":{"role":"assistant","content":"a"},"logprobs":{"content":[{"token":"a","logprob":-0.5,"bytes":[97],"top_logprobs":[]}],"refusal":null},"finish_reason":null}""",
                """{"index":0,"delta":{"content":"b"},"logprobs":{"content":[{"token":"b","logprob":-1,"bytes":[98],"top_logprobs":[]}],"refusal":null},"finish_reason":null}""",
                """{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}""",
            ],
            """[{"index":0,"message":{"role":"assistant","content":"ab"},"logprobs":{"content":[{"token":"a","logprob":-0.5,"bytes":[97],"top_logprobs":[]},{"token":"b","logprob":-1,"bytes":[98],"top_logprobs":[]}],"refusal":null},"finish_reason":"stop"}]"""
        },
    };

    public static TheoryData<string, string> NotToBeAssembled { get; } = new()
    {
        { "not whole", $"data: {{{Head},\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"a\"}},\"finish_reason\":\"stop\"}}]}}\n\n" },
        { "without the reason of its end", Stream("""{"index":0,"delta":{"content":"a"},"finish_reason":null}""") },
        { "without an answer", "data: [DONE]\n\n" },
        { "with an error", "data: {\"error\":{\"message\":\"no\"}}\n\n" + Stream("""{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}""") },
        { "not of a model", "data: {\"text\":\"a\"}\n\ndata: [DONE]\n\n" },
        { "no JSON", "data: {\"id\":\n\ndata: [DONE]\n\n" },
        { "no object", "data: 1\n\ndata: [DONE]\n\n" },
        { "with sound", Stream("""{"index":0,"delta":{"audio":{"data":"AA=="}},"finish_reason":"stop"}""") },
        { "of two kinds", Stream("""{"index":0,"delta":{"content":"a"},"finish_reason":null}""", """{"index":0,"delta":{"content":["a"]},"finish_reason":"stop"}""") },
        { "with an empty reason of its end", Stream("""{"index":0,"delta":{"content":"a"},"finish_reason":""}""") },
        {
            "with two calls of tools in one place",
            Stream(
                """{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":null}""",
                """{"index":0,"delta":{"tool_calls":[{"index":0,"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}]},"finish_reason":"tool_calls"}""")
        },
        { "without a choice's index", Stream("""{"delta":{"content":"a"},"finish_reason":"stop"}""") },
    };

    [Theory]
    [MemberData(nameof(Chats))]
    public void The_events_of_a_chat_become_the_object(string what, string[] choices, string expected)
    {
        var assembled = Assemble(Stream(choices));

        assembled.ShouldBe($"{{{JsonHead},\"choices\":{expected},\"usage\":{Usage}}}", what);
    }

    [Theory]
    [MemberData(nameof(Chats))]
    public void The_object_becomes_events_and_the_same_object_again(string what, string[] choices, string expected)
    {
        _ = choices;
        var json = $"{{{JsonHead},\"choices\":{expected},\"usage\":{Usage}}}";

        foreach (var written in new[] { json, Indented(json) })
        {
            var stream = Replay(written).ShouldNotBeNull(what);

            var events = stream.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
            events.ShouldAllBe(line => line.StartsWith("data: ") && !line.Contains('\n'));
            events[^1].ShouldBe("data: [DONE]");
            events[^2].ShouldEndWith($",\"choices\":[],\"usage\":{Usage}}}");
            events[..^2].ShouldAllBe(line => line.Contains("\"object\":\"chat.completion.chunk\"") && line.EndsWith("],\"usage\":null}"));
            events[..^2].ShouldAllBe(line => line.Contains("\"id\":\"chatcmpl-1\"") && line.Contains("\"created\":7") && line.Contains("\"model\":\"m-1\""));
            Same(Assemble(stream)!, json).ShouldBeTrue(what);
        }
    }

    [Fact]
    public void A_replayed_chat_is_one_event_for_each_choice_and_one_for_each_end()
    {
        var json = """{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"A"},"finish_reason":"stop"},{"index":1,"message":{"role":"assistant","content":"B","tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]},"logprobs":null,"finish_reason":"length"}],"usage":""" + Usage + "}";

        Replay(json).ShouldBe($$$$"""
            data: {"object":"chat.completion.chunk","id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"A"},"finish_reason":null}],"usage":null}

            data: {"object":"chat.completion.chunk","id":"c","choices":[{"index":1,"delta":{"role":"assistant","content":"B","tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]},"logprobs":null,"finish_reason":null}],"usage":null}

            data: {"object":"chat.completion.chunk","id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}

            data: {"object":"chat.completion.chunk","id":"c","choices":[{"index":1,"delta":{},"logprobs":null,"finish_reason":"length"}],"usage":null}

            data: {"object":"chat.completion.chunk","id":"c","choices":[],"usage":{{{{Usage}}}}}

            data: [DONE]


            """);
    }

    [Fact]
    public void A_completion_goes_both_ways()
    {
        const string json = """{"id":"cmpl-1","object":"text_completion","created":7,"model":"m","choices":[{"text":"ab","index":0,"logprobs":{"tokens":["a","b"],"token_logprobs":[-0.5,-1],"top_logprobs":null,"text_offset":[0,1]},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}""";
        const string stream = """
            data: {"id":"cmpl-1","object":"text_completion","created":7,"model":"m","choices":[{"text":"a","index":0,"logprobs":{"tokens":["a"],"token_logprobs":[-0.5],"top_logprobs":null,"text_offset":[0]},"finish_reason":null}],"usage":null}

            data: {"id":"cmpl-1","object":"text_completion","created":7,"model":"m","choices":[{"text":"b","index":0,"logprobs":{"tokens":["b"],"token_logprobs":[-1],"top_logprobs":null,"text_offset":[1]},"finish_reason":"stop"}],"usage":null}

            data: {"id":"cmpl-1","object":"text_completion","created":7,"model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}

            data: [DONE]
            """;

        Assemble(stream).ShouldBe(json);
        Same(Assemble(Replay(json)!)!, json).ShouldBeTrue();
    }

    [Fact]
    public void A_usage_that_never_came_is_left_out()
    {
        const string stream = """
            data: {"object":"text_completion","choices":[{"text":"a","index":0,"logprobs":null,"finish_reason":"stop"}],"usage":null}

            data: [DONE]
            """;

        Assemble(stream).ShouldBe("""{"object":"text_completion","choices":[{"text":"a","index":0,"logprobs":null,"finish_reason":"stop"}]}""");
    }

    [Fact]
    public void What_only_a_stream_has_is_left_out_and_line_ends_do_not_matter()
    {
        var stream = Stream("""{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}""").Replace("{\"id\"", "{\"obfuscation\":\"xyz\",\"id\"").Replace("\n", "\r\n");

        Assemble(": comment\r\n\r\n" + stream).ShouldBe(
            $$"""{{{JsonHead}},"choices":[{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop"}],"usage":{{Usage}}}""");
    }

    [Fact]
    public void Events_about_filters_alone_leave_the_head_as_it_is()
    {
        const string filter = "\"created\":7,\"id\":\"\",\"model\":\"\",\"object\":\"\",\"usage\":null}\n\n";
        var stream = "data: {\"choices\":[],\"prompt_filter_results\":[{\"prompt_index\":0}]," + filter
            + $"data: {{{Head},\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"a\"}},\"finish_reason\":\"stop\"}}],\"usage\":null}}\n\n"
            + "data: {\"choices\":[{\"index\":0,\"content_filter_offsets\":{\"end_offset\":1},\"finish_reason\":null}]," + filter
            + "data: [DONE]\n\n";

        Same(Assemble(stream)!, $$"""
            {{{JsonHead}},"prompt_filter_results":[{"prompt_index":0}],"choices":[{"index":0,"message":{"role":"assistant","content":"a"},
            "content_filter_offsets":{"end_offset":1},"finish_reason":"stop"}]}
            """).ShouldBeTrue(Assemble(stream));
    }

    [Theory]
    [MemberData(nameof(NotToBeAssembled))]
    public void What_is_not_understood_is_not_assembled(string what, string stream) => Assemble(stream).ShouldBeNull(what);

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"answer\":1}")]
    [InlineData("""{"object":"chat.completion","choices":[]}""")]
    [InlineData("""{"object":"chat.completion","choices":{}}""")]
    [InlineData("""{"object":"chat.completion","choices":[1]}""")]
    [InlineData("""{"object":"chat.completion","error":{},"choices":[{"index":0,"message":{},"finish_reason":"stop"}]}""")]
    [InlineData("""{"object":"chat.completion","choices":[{"index":0,"message":{"audio":{"data":""}},"finish_reason":"stop"}]}""")]
    [InlineData("""{"object":"chat.completion","choices":[{"index":0,"message":{},"finish_reason":null}]}""")]
    [InlineData("""{"object":"chat.completion","choices":[{"index":0,"text":"a","finish_reason":"stop"}]}""")]
    [InlineData("""{"object":"response","choices":[{"index":0,"message":{},"finish_reason":"stop"}]}""")]
    [InlineData("""{"object":"text_completion","choices":[{"index":0,"message":{},"finish_reason":"stop"}]}""")]
    public void What_is_not_understood_is_not_replayed(string json) => Replay(json).ShouldBeNull();

    [Theory]
    [InlineData(1, true)]
    [InlineData(20, true)]
    [InlineData(21, false)]
    public void What_would_repeat_megabytes_is_not_replayed(int choices, bool isReplayed)
    {
        var all = string.Join(',', Enumerable.Range(0, choices).Select(index => $$"""{"index":{{index}},"message":{"content":"a"},"finish_reason":"stop"}"""));
        var json = $$"""{"object":"chat.completion","other":"{{new string('x', 100 * 1024)}}","choices":[{{all}}]}""";

        (Replay(json) is not null).ShouldBe(isReplayed);
    }

    internal static string Stream(params string[] choices) =>
        string.Concat(choices.Select(choice => $"data: {{{Head},\"choices\":[{choice}],\"usage\":null}}\n\n"))
        + $"data: {{{Head},\"choices\":[],\"usage\":{Usage}}}\n\ndata: [DONE]\n\n";

    private static string? Assemble(string stream) =>
        StreamAssembler.Assemble(Encoding.UTF8.GetBytes(stream)) is { } json ? Encoding.UTF8.GetString(json) : null;

    private static string? Replay(string json) =>
        StreamReplay.Replay(Encoding.UTF8.GetBytes(json)) is { } stream ? Encoding.UTF8.GetString(stream) : null;

    private static string Indented(string json)
    {
        using var document = JsonDocument.Parse(json);
        return JsonSerializer.Serialize(document.RootElement, WithLines);
    }

    private static bool Same(string one, string other)
    {
        using var first = JsonDocument.Parse(one);
        using var second = JsonDocument.Parse(other);
        return JsonElement.DeepEquals(first.RootElement, second.RootElement);
    }
}
