using System.Buffers;

namespace OpenAi.Gateway.Tests.Bridge;

/// <summary>The conformance table of streams: each event of the upstream, and what the client reads for it.</summary>
public class BridgeStreamTests
{
    private const string Done = "data: [DONE]\n\n";

    /// <summary>A case's name, members of the request, a chunk's members beside identifier and time, and the legacy chunk's.</summary>
    public static TheoryData<string, string, string, string> Chunks => new()
    {
        {
            "the chunk with the role alone", "", """ "choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}]""",
            """ "choices":[{"text":"","index":0,"logprobs":null,"finish_reason":null}]"""
        },
        {
            "text", "", """ "choices":[{"index":0,"delta":{"content":"H\u00e9"},"logprobs":null,"finish_reason":null}]""",
            """ "choices":[{"text":"H\u00e9","index":0,"logprobs":null,"finish_reason":null}]"""
        },
        {
            "parts of a text", "", """ "choices":[{"index":0,"delta":{"content":[{"type":"text","text":"H"},{"type":"text","text":"\u00e9"}]},"finish_reason":null}]""",
            """ "choices":[{"text":"H\u00e9","index":0,"logprobs":null,"finish_reason":null}]"""
        },
        {
            "a refusal", "", """ "choices":[{"index":0,"delta":{"refusal":"No"},"finish_reason":null}]""",
            """ "choices":[{"text":"No","index":0,"logprobs":null,"finish_reason":null}]"""
        },
        {
            "the reason", "", """ "choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"length"}]""",
            """ "choices":[{"text":"","index":0,"logprobs":null,"finish_reason":"length"}]"""
        },
        {
            "the reason of tools", "", """ "choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]""",
            """ "choices":[{"text":"","index":0,"logprobs":null,"finish_reason":"stop"}]"""
        },
        {
            "a choice without delta", "", """ "choices":[{"index":0,"finish_reason":null,"content_filter_offsets":{"check_offset":5}}]""",
            """ "choices":[{"text":"","index":0,"logprobs":null,"finish_reason":null,"content_filter_offsets":{"check_offset":5}}]"""
        },
        {
            "another choice", """ "n":3,""", """ "choices":[{"index":2,"delta":{"content":"a"},"finish_reason":null}]""",
            """ "choices":[{"text":"a","index":2,"logprobs":null,"finish_reason":null}]"""
        },
        {
            "two choices in one chunk", """ "n":2,""", """ "choices":[{"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"b"}}]""",
            """ "choices":[{"text":"a","index":0,"logprobs":null,"finish_reason":null},{"text":"b","index":1,"logprobs":null,"finish_reason":null}]"""
        },
        { "no choice", "", """ "choices":[],"prompt_filter_results":[]""", """ "choices":[],"prompt_filter_results":[]""" },
        {
            "obfuscation, fingerprint and tier", "", """ "service_tier":"default","system_fingerprint":"fp","choices":[],"obfuscation":"xyz" """,
            """ "choices":[],"service_tier":"default","system_fingerprint":"fp","obfuscation":"xyz" """
        },
        {
            "usage null, as asked", """ "stream_options":{"include_usage":true},""", """ "choices":[{"index":0,"delta":{"content":"a"}}],"usage":null""",
            """ "choices":[{"text":"a","index":0,"logprobs":null,"finish_reason":null}],"usage":null"""
        },
        {
            "usage null, as asked but not given", """ "stream_options":{"include_usage":true},""", """ "choices":[{"index":0,"delta":{"content":"a"}}]""",
            """ "choices":[{"text":"a","index":0,"logprobs":null,"finish_reason":null}],"usage":null"""
        },
        {
            "usage null, not asked", "", """ "choices":[{"index":0,"delta":{"content":"a"}}],"usage":null""",
            """ "choices":[{"text":"a","index":0,"logprobs":null,"finish_reason":null}]"""
        },
        {
            "usage beside a choice, not asked", "", """ "choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}""",
            """ "choices":[{"text":"","index":0,"logprobs":null,"finish_reason":"stop"}]"""
        },
        {
            "the chunk of the usage", """ "stream_options":{"include_usage":true},""", """ "choices":[],"usage":{"prompt_tokens":1,"x":{"y":2}}""",
            """ "choices":[],"usage":{"prompt_tokens":1,"x":{"y":2}}"""
        },
        {
            "logprobs", """ "logprobs":1,""",
            """ "choices":[{"index":0,"delta":{"content":"a"},"logprobs":{"content":[{"token":"a","logprob":-1,"bytes":[97],"top_logprobs":[{"token":"b","logprob":-0.5,"bytes":[98]}]}]}}]""",
            """ "choices":[{"text":"a","index":0,"logprobs":{"tokens":["a"],"token_logprobs":[-1],"top_logprobs":[{"b":-0.5,"a":-1}],"text_offset":[3]},"finish_reason":null}]"""
        },
        {
            "echo", """ "echo":true,""", """ "choices":[{"index":0,"delta":{"role":"assistant","content":""}}]""",
            """ "choices":[{"text":"abc","index":0,"logprobs":null,"finish_reason":null}]"""
        },
    };

    /// <summary>A case's name, an event as the upstream sends it, and as the client gets it.</summary>
    public static TheoryData<string, string, string> Events => new()
    {
        { "the end", "data: [DONE]\n\n", Done },
        { "a comment", ": keep-alive\n\n", ": keep-alive\n\n" },
        { "comments with other line ends", ": a\r\n:b\r\n\r\n", ": a\r\n:b\r\n\r\n" },
        { "the rest of a line end", "\n", "\n" },
        { "fields without data", "event: ping\nid: 1\nretry: 5\ndata:\n\n", "" },
        { "an error", "data: {\"error\":{\"message\":\"a\",\"param\":\"messages\"}}\n\n", "data: {\"error\":{\"message\":\"a\",\"param\":\"prompt\"}}\n\n" },
        { "an error by name", "event: error\ndata: {\"message\":\"a\"}\n\n", "event: error\ndata: {\"message\":\"a\"}\n\n" },
        { "an error by name that is no JSON", "event: error\ndata: a\n\n", "event: error\ndata: a\n\n" },
        { "an error in words", "data: {\"error\":\"a\"}\n\n", "data: {\"error\":\"a\"}\n\n" },
        { "the usage nobody asked for", "data: {\"id\":\"chatcmpl-1\",\"created\":7,\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\n", "" },
        { "the usage nobody asked for, with white space", "data: {\"id\":\"chatcmpl-1\",\"created\":7,\"choices\":[ ],\"usage\":{\"prompt_tokens\":1}}\n\n", "" },
        { "the usage nobody asked for, without choices", "data: {\"id\":\"chatcmpl-1\",\"created\":7,\"usage\":{\"prompt_tokens\":1}}\n\n", "" },
        {
            "data in several lines", "data: {\"id\":\"chatcmpl-1\",\"created\":7,\ndata: \"choices\":[],\"x\":{\ndata: }}\n\n",
            "data: {\"id\":\"cmpl-1\",\"object\":\"text_completion\",\"created\":7,\"model\":\"m\",\"choices\":[],\"x\":{ }}\n\n"
        },
    };

    /// <summary>A case's name, and data that no chat sends.</summary>
    public static TheoryData<string, string> Wrong => new()
    {
        { "no JSON", "ping" },
        { "neither choices nor usage nor an error", """{"object":"something else"}""" },
        { "choices that are no list", """{"choices":null}""" },
        { "a name that is no Unicode", """{"\ud800":1,"choices":[{"index":1}]}""" },
        { "a list", "[]" },
        { "cut", """{"choices":[{"index":0,"delta":{"content":"a""" },
        { "a choice that nobody asked for", """{"choices":[{"index":1,"delta":{"content":"a"}}]}""" },
        { "content that is no text", """{"choices":[{"index":0,"delta":{"content":1}}]}""" },
        { "logprobs of another form", """{"choices":[{"index":0,"delta":{"content":"a"},"logprobs":{"content":[1]}}]}""" },
    };

    [Theory]
    [MemberData(nameof(Chunks))]
    public void A_chunk_becomes_a_legacy_one(string name, string sent, string chunk, string expected)
    {
        var request = BridgeText.Request($$"""{"model":"m",{{sent.Trim()}}"stream":true,"prompt":"abc"}""");

        BridgeText.Stream(request, (0, $$"""{"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"gpt",{{chunk.Trim()}}}"""))
            .ShouldBe($$"""data: {"id":"cmpl-1","object":"text_completion","created":7,"model":"m",{{expected.Trim()}}}""" + "\n\n", name);
    }

    [Theory]
    [MemberData(nameof(Events))]
    public void An_event_becomes_a_legacy_one(string name, string sent, string expected) =>
        BridgeText.Stream(BridgeText.Request("""{"model":"m","stream":true,"prompt":"abc"}"""), (0, sent)).ShouldBe(expected, name);

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_no_chat_sends_is_refused_and_leaves_nothing(string name, string data)
    {
        var request = BridgeText.Request("""{"model":"m","stream":true,"prompt":"abc","logprobs":1}""");
        var output = new ArrayBufferWriter<byte>();

        BridgeText.TryWrite(new BridgeStream(request, TimeProvider.System), 0, data, output).ShouldBeFalse(name);
        output.WrittenCount.ShouldBe(0);
    }

    [Fact]
    public void Identifier_and_time_stay_those_of_the_first_chunk()
    {
        var request = BridgeText.Request("""{"model":"m","stream":true,"prompt":["a","b"]}""");

        BridgeText.Stream(
            request,
            (1, """{"id":"chatcmpl-1","created":7,"choices":[{"index":0,"delta":{"content":"x"}}]}"""),
            (0, """{"id":"chatcmpl-2","created":8,"choices":[{"index":0,"delta":{"content":"y"}}]}"""))
            .ShouldBe(
                """data: {"id":"cmpl-1","object":"text_completion","created":7,"model":"m","choices":[{"text":"x","index":1,"logprobs":null,"finish_reason":null}]}""" + "\n\n"
                + """data: {"id":"cmpl-1","object":"text_completion","created":7,"model":"m","choices":[{"text":"y","index":0,"logprobs":null,"finish_reason":null}]}""" + "\n\n");
    }

    [Fact]
    public void A_stream_of_several_calls_ends_once_with_the_sum_of_their_usage()
    {
        var request = BridgeText.Request("""{"model":"m","stream":true,"stream_options":{"include_usage":true},"prompt":["a","b"]}""");
        const string Head = """data: {"id":"cmpl-1","object":"text_completion","created":7,"model":"m","choices":[""";

        BridgeText.Stream(
            request,
            (0, """{"id":"chatcmpl-1","created":7,"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"total_tokens":1}}"""),
            (0, """{"id":"chatcmpl-1","created":7,"choices":[],"usage":{"total_tokens":2}}"""),
            (0, "[DONE]"),
            (0, "[DONE]"),
            (1, """{"id":"chatcmpl-2","created":8,"choices":[],"usage":{"total_tokens":30}}"""),
            (1, "[DONE]"))
            .ShouldBe(
                $$"""{{Head}}{"text":"","index":0,"logprobs":null,"finish_reason":"stop"}],"usage":null}""" + "\n\n"
                + Head + """],"usage":{"total_tokens":32}}""" + "\n\n" + Done);
    }

    [Fact]
    public void A_sum_that_lacks_a_call_is_not_told()
    {
        var request = BridgeText.Request("""{"model":"m","stream":true,"stream_options":{"include_usage":true},"prompt":["a","b"]}""");

        BridgeText.Stream(request, (0, """{"id":"1","created":7,"choices":[],"usage":{"total_tokens":2}}"""), (0, "[DONE]"), (1, "[DONE]")).ShouldBe(Done);
    }

    /// <summary>The text of an event that the parser could not keep whole; the second is one after a comment.</summary>
    [Theory]
    [InlineData("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"aaaa")]
    [InlineData("aaaa\"}}]}\n\n")]
    [InlineData(": a\ndata: {\"choices\":[]}\n\n")]
    [InlineData(": a comment without end")]
    public void A_piece_of_an_event_that_was_too_long_is_never_passed(string raw)
    {
        var stream = new BridgeStream(BridgeText.Request("""{"model":"m","stream":true,"prompt":"a"}"""), TimeProvider.System);
        var output = new ArrayBufferWriter<byte>();

        stream.TryWrite(0, new SseEvent(System.Text.Encoding.UTF8.GetBytes(raw), default, default), output).ShouldBeFalse();
        output.WrittenCount.ShouldBe(0);
    }

    [Fact]
    public void Nothing_follows_the_end_of_a_call()
    {
        var request = BridgeText.Request("""{"model":"m","stream":true,"prompt":["a","b"]}""");
        const string Chunk = """{"id":"1","created":7,"choices":[{"index":0,"delta":{"content":"x"}}]}""";

        BridgeText.Stream(request, (0, "[DONE]"), (0, Chunk), (0, ": a\n\n"), (0, "no JSON"), (0, "[DONE]"), (1, "[DONE]"), (1, Chunk)).ShouldBe(Done);
    }

    [Theory]
    [InlineData("data: {\"error\":{\"message\":\"a\"}}\n\n")]
    [InlineData("event: error\ndata: {\"error\":{\"message\":\"a\"}}\n\n")]
    public void Nothing_follows_an_error(string error)
    {
        var request = BridgeText.Request("""{"model":"m","stream":true,"prompt":["a","b"]}""");
        const string Chunk = """{"id":"1","created":7,"choices":[{"index":0,"delta":{"content":"x"}}]}""";

        BridgeText.Stream(request, (0, error), (0, Chunk), (1, Chunk), (1, "[DONE]"), (0, "[DONE]")).ShouldBe(error);
    }

    [Fact]
    public void The_end_is_known()
    {
        var stream = new BridgeStream(BridgeText.Request("""{"model":"m","stream":true,"prompt":["a","b"]}"""), TimeProvider.System);
        var output = new ArrayBufferWriter<byte>();

        BridgeText.TryWrite(stream, 1, "[DONE]", output);
        stream.HasEnded.ShouldBeFalse();
        output.WrittenCount.ShouldBe(0);
        BridgeText.TryWrite(stream, 0, "[DONE]", output);
        stream.HasEnded.ShouldBeTrue();
    }

    [Fact]
    public void Each_choice_echoes_its_prompt_once()
    {
        var request = BridgeText.Request("""{"model":"m","stream":true,"echo":true,"n":2,"prompt":["a","b"]}""");
        static string Chunk(int index, string text) => $$$"""{"id":"1","created":7,"choices":[{"index":{{{index}}},"delta":{"content":"{{{text}}}"}}]}""";

        Texts(BridgeText.Stream(request, (1, Chunk(1, "x")), (0, Chunk(0, "y")), (1, Chunk(1, "z")), (1, Chunk(0, ""))))
            .ShouldBe(["""{"text":"bx","index":3""", """{"text":"ay","index":0""", """{"text":"z","index":3""", """{"text":"b","index":2"""]);
    }

    [Fact]
    public void Offsets_go_on_from_chunk_to_chunk_for_each_choice()
    {
        var request = BridgeText.Request("""{"model":"m","stream":true,"logprobs":0,"n":2,"prompt":["😀","bcd"]}""");
        static string Chunk(int index, string token) =>
            $$$"""{"id":"1","created":7,"choices":[{"index":{{{index}}},"delta":{"content":"{{{token}}}"},"logprobs":{"content":[{"token":"{{{token}}}","logprob":-1}]}}]}""";

        var written = BridgeText.Stream(request, (0, Chunk(0, "ab")), (0, Chunk(0, "c")), (0, Chunk(1, "d")), (1, Chunk(0, "\\ud83d\\ude00")), (1, Chunk(0, "e")));

        written.Split("\"text_offset\":")[1..].Select(text => text.Split('}')[0]).ShouldBe(["[1]", "[3]", "[1]", "[3]", "[4]"]);
    }

    [Fact]
    public void A_chunk_costs_no_allocation()
    {
        var request = BridgeText.Request("""{"model":"m","stream":true,"stream_options":{"include_usage":true},"prompt":"a"}""");
        var stream = new BridgeStream(request, TimeProvider.System);
        var output = new ArrayBufferWriter<byte>(1 << 20);
        var data = """{"id":"chatcmpl-1","created":7,"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}],"usage":null,"obfuscation":"ab"}"""u8.ToArray();
        void Write(int times)
        {
            for (var i = 0; i < times; i++)
            {
                stream.TryWrite(0, new SseEvent(data, data, default), output).ShouldBeTrue();
            }
        }

        Write(200);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Write(1000);

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1000);
    }

    private static IEnumerable<string> Texts(string stream) => stream.Split("\"choices\":[")[1..].Select(text => text.Split(",\"logprobs\"")[0]);
}
