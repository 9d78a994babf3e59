using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace OpenAi.Gateway.Benchmarks;

/// <summary>What OpenAI's clients and servers send, as far as the gateway looks at it.</summary>
internal static class Samples
{
    public const string Credentials = "Basic dXNlcm5hbWUxOnBhc3N3b3JkMQ==";

    private const string Line = "A line of a question, as long as most lines of texts are.\\n ";

    public static readonly byte[] Question = Encoding.UTF8.GetBytes(
        """{"model":"gpt-4.1-mini","messages":[{"role":"system","content":"You write product descriptions."},{"role":"user","content":"Write a brief product description for Apple 13 pro"}],"temperature":0,"max_completion_tokens":256,"user":"user-1"}""");

    public static readonly byte[] JsonAnswer = Encoding.UTF8.GetBytes(
        """{"id":"chatcmpl-1","object":"chat.completion","created":1795392000,"model":"gpt-4.1-mini-2025-04-14","choices":[{"index":0,"message":{"role":"assistant","content":" """
        + string.Concat(Enumerable.Repeat("The phone that takes the pictures. ", 12))
        + """ ","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":27,"completion_tokens":109,"total_tokens":136,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}},"service_tier":"default"}""");

    public static readonly byte[] StreamEvent = Encoding.UTF8.GetBytes(
        """data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1795392000,"model":"gpt-4.1-mini-2025-04-14","service_tier":"default","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":" phone"},"logprobs":null,"finish_reason":null}],"usage":null}"""
        + "\n\n");

    /// <summary>The JSON of a text of so many bytes, with a line break in each line.</summary>
    public static byte[] TextOf(int length) => Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(Line, (length + Line.Length - 1) / Line.Length))[..length]);

    /// <summary>The services of a gateway with the upstream "openai".</summary>
    public static ServiceProvider CreateServices() => new ServiceCollection()
        .AddLogging()
        .AddOpenAiUpstream("openai", upstream =>
        {
            upstream.AddNode("http://upstream");
            upstream.ApiKey = "sk-test";
        })
        .BuildServiceProvider();

    /// <summary>A request with the headers that OpenAI's SDKs send.</summary>
    public static DefaultHttpContext CreateContext(IServiceProvider? services = null)
    {
        var context = new DefaultHttpContext();
        context.RequestServices = services!;
        var request = context.Request;
        (request.Method, request.Path, request.Host, request.Protocol) = ("POST", "/v1/chat/completions", new HostString("gateway.example"), "HTTP/1.1");
        request.ContentType = "application/json";
        request.ContentLength = Question.Length;
        foreach (var (name, value) in Headers)
        {
            request.Headers[name] = value;
        }

        return context;
    }

    private static readonly (string Name, string Value)[] Headers =
    [
        ("Accept", "application/json"), ("Accept-Encoding", "gzip, deflate"), ("Authorization", Credentials), ("Connection", "keep-alive"),
        ("User-Agent", "OpenAI/Python 2.8.1"), ("X-Stainless-Arch", "x64"), ("X-Stainless-Async", "false"), ("X-Stainless-Lang", "python"),
        ("X-Stainless-OS", "Linux"), ("X-Stainless-Package-Version", "2.8.1"), ("X-Stainless-Retry-Count", "0"),
        ("X-Stainless-Runtime", "CPython"), ("X-Stainless-Runtime-Version", "3.12.3"), ("x-stainless-read-timeout", "600"),
    ];
}
