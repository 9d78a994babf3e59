using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;

namespace OpenAi.Gateway.FunctionalTests.OpenAiSdk;

/// <summary>The official SDK's raw calls to <c>/v1/completions</c>, answered through the bridge by a server's chats.</summary>
public sealed class LegacyCompletionsTests
{
    private const string Model = "text-davinci-003";

    [Fact]
    public async Task Completes_a_prompt()
    {
        await using var gateway = await StartAsync();

        var result = await Client(gateway).CompleteChatAsync(Content("""{"model":"text-davinci-003","prompt":"Say hello","max_tokens":50}"""));

        var response = result.GetRawResponse();
        response.Headers.TryGetValue("X-Upstream-Model", out var model).ShouldBeTrue();
        model.ShouldBe("gpt-test");
        using var json = JsonDocument.Parse(response.Content);
        var root = json.RootElement;
        (root.GetProperty("object").GetString(), root.GetProperty("model").GetString()).ShouldBe(("text_completion", Model));
        root.GetProperty("id").GetString()!.ShouldStartWith("cmpl-");
        root.GetProperty("choices")[0].GetProperty("text").GetString()!.ShouldContain("hello");
        root.GetProperty("choices")[0].GetProperty("finish_reason").GetString().ShouldBe("stop");
        root.GetProperty("usage").GetProperty("total_tokens").GetInt32().ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Completes_several_prompts()
    {
        await using var gateway = await StartAsync();

        var result = await Client(gateway).CompleteChatAsync(
            Content("""{"model":"text-davinci-003","prompt":["one apple","two pears"],"n":2,"max_tokens":50}"""));

        using var json = JsonDocument.Parse(result.GetRawResponse().Content);
        var choices = json.RootElement.GetProperty("choices").EnumerateArray().ToArray();
        choices.Select(choice => choice.GetProperty("index").GetInt32()).ShouldBe([0, 1, 2, 3]);
        choices[1].GetProperty("text").GetString()!.ShouldContain("apple");
        choices[2].GetProperty("text").GetString()!.ShouldContain("pears");
    }

    [Fact]
    public async Task Streams_a_prompt()
    {
        await using var gateway = await StartAsync();
        var client = Client(gateway);
        var whole = await client.CompleteChatAsync(Content("""{"model":"text-davinci-003","prompt":"Say hello","max_tokens":50}"""));
        using var answer = JsonDocument.Parse(whole.GetRawResponse().Content);

        var events = await StreamAsync(client, """{"model":"text-davinci-003","prompt":"Say hello","max_tokens":50,"stream":true}""");

        events.Length.ShouldBeGreaterThan(4);
        events[^1].ShouldBe("[DONE]");
        string.Concat(events[..^1].Select(TextOf)).ShouldBe(answer.RootElement.GetProperty("choices")[0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task Shows_what_the_bridge_refuses_with_message_type_and_code()
    {
        await using var gateway = await StartAsync();

        var error = await Should.ThrowAsync<ClientResultException>(
            () => Client(gateway).CompleteChatAsync(Content("""{"model":"text-davinci-003","prompt":[1,2,3]}""")));

        error.Status.ShouldBe(400);
        error.Message.ShouldContain("The field 'prompt' is not supported here");
        error.Message.ShouldContain("invalid_request_error");
        error.Message.ShouldContain("unsupported_parameter");
    }

    [Fact]
    public async Task Shows_the_upstreams_errors_with_message_type_and_code()
    {
        await using var gateway = await StartAsync();

        var error = await Should.ThrowAsync<ClientResultException>(
            () => Client(gateway, "quota").CompleteChatAsync(Content("""{"model":"text-davinci-003","prompt":["a","b"]}""")));

        error.Status.ShouldBe(429);
        error.Message.ShouldContain("insufficient_quota");
    }

    [Fact]
    public async Task Sees_a_stream_that_breaks_off_as_an_error()
    {
        await using var gateway = await StartAsync();

        await Should.ThrowAsync<IOException>(
            () => StreamAsync(Client(gateway, "cut=3"), """{"model":"text-davinci-003","prompt":"Say hello","max_tokens":50,"stream":true}"""));
    }

    private static Task<GatewayApp> StartAsync() =>
        GatewayApp.StartAsync("/v1/completions", route => route.BridgeCompletions(bridge => bridge.Map(Model, "gpt-test")));

    private static ChatClient Client(GatewayApp gateway, string? fault = null)
    {
        var options = new OpenAIClientOptions { Endpoint = gateway.Endpoint, RetryPolicy = new ClientRetryPolicy(0) };
        options.AddPolicy(new LegacyPathPolicy(), PipelinePosition.PerCall);
        if (fault is not null)
        {
            options.AddPolicy(new HeaderPolicy("X-Simulator-Fault", fault), PipelinePosition.BeforeTransport);
        }

        return new OpenAIClient(new ApiKeyCredential("sk-of-the-client"), options).GetChatClient(Model);
    }

    private static BinaryContent Content(string json) => BinaryContent.Create(BinaryData.FromString(json));

    private static async Task<string[]> StreamAsync(ChatClient client, string body)
    {
        var result = await client.CompleteChatAsync(Content(body), new RequestOptions { BufferResponse = false });
        using var response = result.GetRawResponse();
        using var reader = new StreamReader(response.ContentStream!);
        var text = await reader.ReadToEndAsync();
        return [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(one => one["data: ".Length..])];
    }

    private static string TextOf(string data)
    {
        using var json = JsonDocument.Parse(data);
        (json.RootElement.GetProperty("object").GetString(), json.RootElement.GetProperty("model").GetString()).ShouldBe(("text_completion", Model));
        return json.RootElement.GetProperty("choices")[0].GetProperty("text").GetString()!;
    }
}
