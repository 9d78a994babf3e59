using System.Globalization;

namespace OpenAi.Gateway.Tests.Streams;

internal static class RecordedStreams
{
    private const string ChatHead =
        """{"id":"chatcmpl-Dq81YvKX","object":"chat.completion.chunk","created":1795392000,"model":"gpt-6-luna-2026-08-11","service_tier":"default","system_fingerprint":"fp_7c1d","choices":[""";

    private const string ChatUsage =
        """],"usage":{"prompt_tokens":1219,"completion_tokens":87,"total_tokens":1306,"prompt_tokens_details":{"cached_tokens":1024,"cache_write_tokens":64,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":64,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}""";

    private static readonly TokenUsage Reported = new(1219, 87, 1024, 64, 64);

    public static IReadOnlyList<RecordedStream> All { get; } =
    [
        new("chat", ModelOperation.ChatCompletions, Chat(
            """{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}""",
            """{"index":0,"delta":{"content":"Grüße"},"logprobs":null,"finish_reason":null}""",
            """{"index":0,"delta":{"content":" say \"usage\":null, \u00e9 and \"usage\":{}"},"logprobs":null,"finish_reason":null}""",
            """{"index":0,"delta":{"content":" 日本\n\ndata: x"},"logprobs":{"content":[{"token":"x","logprob":-0.1,"bytes":[120],"top_logprobs":[]}],"refusal":null},"finish_reason":null}""",
            """{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}"""), Reported),
        new("chat with a tool and several choices", ModelOperation.ChatCompletions, Chat(
            """{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_Xy1","type":"function","function":{"name":"weather","arguments":""}}],"refusal":null},"logprobs":null,"finish_reason":null}""",
            """{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"usage\":"}}]},"logprobs":null,"finish_reason":null}""",
            """{"index":1,"delta":{"role":"assistant","content":"A"},"logprobs":null,"finish_reason":null},{"index":2,"delta":{"content":"B"},"logprobs":null,"finish_reason":null}""",
            """{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"null}"}}]},"logprobs":null,"finish_reason":null}""",
            """{"index":1,"delta":{},"logprobs":null,"finish_reason":"length"}""",
            """{"index":0,"delta":{},"logprobs":null,"finish_reason":"tool_calls"}"""), Reported),
        new("chat with carriage returns", ModelOperation.ChatCompletions, Chat(
            """{"index":0,"delta":{"content":"Hi"},"finish_reason":null}""",
            """{"index":0,"delta":{},"finish_reason":"stop"}""").Replace("\n", "\r\n"), Reported),
        new("chat with lone carriage returns", ModelOperation.ChatCompletions, Chat(
            """{"index":0,"delta":{"content":"Hi"},"finish_reason":null}""").Replace("\n", "\r"), Reported),
        new("chat of another server, with spaces, comments and names", ModelOperation.ChatCompletions,
            "\uFEFF: connected\n\n" +
            """
            event: message
            id: 1
            data: {"id": "c-1", "model": "llama", "choices": [{"index": 0, "delta": {"content": "a"}}]⟦, "usage": null⟧}

            : keep-alive

            data: {⟦"usage" : null , ⟧"id": "c-1", "choices": [{"index": 0, "delta": {"content": "b", "usage": null}}], "x": {"usage": null}}

            data: { "id": "c-1"⟦ , "usage"
            """ + ": null⟧ , \"choices\": [ ] }\n\n" +
            """
            data: {"id": "c-1", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 3, "completion_tokens": 1}}

            ⟦data: {"id": "c-1", "choices": [ ], "usage": {"prompt_tokens": 3, "total_tokens": 5, "completion_tokens": 2}}

            ⟧: bye

            data: [DONE]
            """, new TokenUsage(3, 2)),
        new("completion", ModelOperation.Completions,
            """
            data: {"id":"cmpl-8aK","object":"text_completion","created":1795392000,"choices":[{"text":" \"text\": ","index":0,"logprobs":null,"finish_reason":null}],"model":"gpt-3.5-turbo-instruct"⟦,"usage":null⟧}

            data: {"id":"cmpl-8aK","object":"text_completion","created":1795392000,"choices":[{"text":" soap","index":1,"logprobs":{"tokens":[" soap"],"token_logprobs":[-0.2],"top_logprobs":null,"text_offset":[0]},"finish_reason":null}],"model":"gpt-3.5-turbo-instruct"⟦,"usage":null⟧}

            data: {"id":"cmpl-8aK","object":"text_completion","created":1795392000,"choices":[{"text":"","index":0,"logprobs":null,"finish_reason":"length"}],"model":"gpt-3.5-turbo-instruct"⟦,"usage":null⟧}

            ⟦data: {"id":"cmpl-8aK","object":"text_completion","created":1795392000,"choices":[],"model":"gpt-3.5-turbo-instruct","usage":{"prompt_tokens":7,"completion_tokens":16,"total_tokens":23}}

            ⟧data: [DONE]


            """, new TokenUsage(7, 16)),
        new("chat that ends within the event of the usage", ModelOperation.ChatCompletions,
            """
            data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"x"}}]⟦,"usage":null⟧}

            ⟦data: {"id":"c","model":"m","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}⟧
            """, new TokenUsage(1, 2)),
        new("response", ModelOperation.Responses, Response("completed", "null"), new TokenUsage(328, 52, 256, 0, 40)),
        new("response that is cut short", ModelOperation.Responses, Response("incomplete", """{"reason":"max_output_tokens"}"""), new TokenUsage(328, 52, 256, 0, 40)),
        new("nothing but an error", ModelOperation.ChatCompletions,
            "data: {\"error\":{\"message\":\"The server had an error\",\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n", null),
    ];

    private static string Chat(params string[] choices)
    {
        var events = choices.Select((choice, index) => string.Create(
            CultureInfo.InvariantCulture, $"data: {ChatHead}{choice}]⟦,\"usage\":null⟧,\"obfuscation\":\"{new string('k', index + 3)}\"}}\n\n"));
        return string.Concat(events) + $"⟦data: {ChatHead}{ChatUsage},\"obfuscation\":\"\"}}\n\n⟧data: [DONE]\n\n";
    }

    // The responses API tells its usage unasked.
    private static string Response(string status, string details) =>
        """
        event: response.created
        data: {"type":"response.created","sequence_number":0,"response":{"id":"resp_68af","object":"response","created_at":1795392000,"status":"in_progress","incomplete_details":null,"model":"gpt-6-luna-2026-08-11","output":[],"service_tier":"auto","tools":[{"type":"function","name":"usage","parameters":{"type":"object","properties":{"usage":{"type":"string"}}}}],"usage":null}}

        event: response.output_item.added
        data: {"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"id":"msg_68","type":"message","status":"in_progress","content":[],"role":"assistant"}}

        event: response.output_text.delta
        data: {"type":"response.output_text.delta","sequence_number":2,"item_id":"msg_68","output_index":0,"content_index":0,"delta":"Hello \"usage\":{","logprobs":[],"obfuscation":"aZ3"}

        event: response.output_text.delta
        data: {"type":"response.output_text.delta","sequence_number":3,"item_id":"msg_68","output_index":0,"content_index":0,"delta":" wörld","logprobs":[],"obfuscation":"q"}

        event: response.output_text.done
        data: {"type":"response.output_text.done","sequence_number":4,"item_id":"msg_68","output_index":0,"content_index":0,"text":"Hello \"usage\":{ wörld","logprobs":[]}

        event: response.STATUS
        data: {"type":"response.STATUS","sequence_number":5,"response":{"id":"resp_68af","object":"response","created_at":1795392000,"status":"STATUS","incomplete_details":DETAILS,"model":"gpt-6-luna-2026-08-11","output":[{"id":"msg_68","type":"message","status":"STATUS","content":[{"type":"output_text","annotations":[],"logprobs":[],"text":"Hello \"usage\":{ wörld"}],"role":"assistant"}],"service_tier":"default","usage":{"input_tokens":328,"input_tokens_details":{"cached_tokens":256},"output_tokens":52,"output_tokens_details":{"reasoning_tokens":40},"total_tokens":380},"metadata":{"usage":"none"}}}


        """.Replace("STATUS", status).Replace("DETAILS", details);
}
