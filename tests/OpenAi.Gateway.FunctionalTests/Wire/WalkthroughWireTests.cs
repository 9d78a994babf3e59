using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using OpenAi.Gateway.FunctionalTests.OpenAiSdk;
using Shouldly.Configuration;

namespace OpenAi.Gateway.FunctionalTests.Wire;

/// <summary>The walkthrough as it looks on the wire, held by approved files: every header and byte of every answer.</summary>
public sealed partial class WalkthroughWireTests
{
    private const string Body = """{"model":"text-davinci-003","prompt":"Write a brief product description for Apple 13 pro","temperature":0,"max_tokens":256}""";
    private static readonly string Credentials = $"Authorization: Basic {Convert.ToBase64String("username1:password1"u8)}\r\n";

    [Fact]
    public async Task Json()
    {
        await using var gateway = await StartAsync(count: 2);
        var trace = new StringBuilder();

        await ExchangeAsync(gateway, trace, "without credentials", Post("", Body));
        await ExchangeAsync(gateway, trace, "wrong method", "GET /openai/product/desc HTTP/1.1\r\nHost: gateway\r\n\r\n");
        await ExchangeAsync(gateway, trace, "call 1", Post(Credentials, Body));
        await ExchangeAsync(gateway, trace, "call 2", Post(Credentials, Body));
        await ExchangeAsync(gateway, trace, "call 3", Post(Credentials, Body));

        trace.ToString().ShouldMatchApproved(Approved);
    }

    [Fact]
    public async Task Stream()
    {
        await using var gateway = await StartAsync(count: 9);
        var trace = new StringBuilder();

        await ExchangeAsync(gateway, trace, "a stream", Post(Credentials, """{"model":"m","prompt":"two words","stream":true}"""));
        await ExchangeAsync(gateway, trace, "a stream that is cut", Post(Credentials + "X-Simulator-Fault: cut=2\r\n", """{"model":"m","prompt":"three","stream":true}"""));
        await ExchangeAsync(gateway, trace, "the upstream's error", Post(Credentials, """{"model":"m"}"""));

        trace.ToString().ShouldMatchApproved(Approved);
    }

    private static Task<GatewayApp> StartAsync(int count) => GatewayApp.StartAsync(
        "/openai/product/desc",
        route => route
            .RewritePath("/v1/completions")
            .UseBasicAuthConsumers(consumers => consumers.Add("consumer1", username: "username1", password: "password1"))
            .UseLimitCount(limit =>
            {
                limit.Count = count;
                limit.TimeWindow = TimeSpan.FromHours(1);
                limit.RejectedCode = 403;
                limit.RejectedMessage = "Requests are too frequent, please try again later.";
            })
            .UseProxyCache(cache => cache.Methods = ["POST"]));

    private static string Post(string headers, string body) =>
        $"POST /openai/product/desc HTTP/1.1\r\nHost: gateway\r\n{headers}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    private static async Task ExchangeAsync(GatewayApp gateway, StringBuilder trace, string name, string request)
    {
        var answer = await RawHttp.ExchangeAsync(gateway.Endpoint, request);

        // The body without its chunks: where those end is a matter of time.
        var head = answer.RawText.Split("\r\n\r\n")[0].ReplaceLineEndings("\n");
        trace.Append($"=== {name} ({answer.End})\n{Changing().Replace(head, "$1: …")}\n\n{answer.Text}\n");
    }

    private static void Approved(ShouldMatchConfigurationBuilder options) => options.NoDiff().WithStringCompareOptions(StringCompareShould.IgnoreLineEndings);

    // What the clock decides.
    [GeneratedRegex("^(Date|X-RateLimit-Reset|Retry-After|Age): .*$", RegexOptions.Multiline)]
    private static partial Regex Changing();
}
