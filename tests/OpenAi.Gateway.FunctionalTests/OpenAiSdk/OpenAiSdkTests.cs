using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using Microsoft.AspNetCore.Builder;
using OpenAI;
using OpenAI.Chat;

namespace OpenAi.Gateway.FunctionalTests.OpenAiSdk;

/// <summary>What the official SDK accepts, reports and retries is the contract.</summary>
public sealed class OpenAiSdkTests
{
    private const string Model = "gpt-test";
    private const string Prompt = "Say hello to the gateway";

    [Fact]
    public async Task Completes_a_chat()
    {
        await using var gateway = await GatewayApp.StartAsync();

        ChatCompletion completion = await Client(gateway).GetChatClient(Model).CompleteChatAsync(Prompt);

        completion.Content.Single().Text.ShouldContain("hello");
        completion.FinishReason.ShouldBe(ChatFinishReason.Stop);
        completion.Usage.TotalTokenCount.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Streams_a_chat()
    {
        await using var gateway = await GatewayApp.StartAsync();
        var chat = Client(gateway).GetChatClient(Model);
        ChatCompletion whole = await chat.CompleteChatAsync(Prompt);
        var streamed = new StringBuilder();
        var updates = 0;

        await foreach (var update in chat.CompleteChatStreamingAsync(Prompt))
        {
            updates++;
            streamed.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
        }

        streamed.ToString().ShouldBe(whole.Content.Single().Text);
        updates.ShouldBeGreaterThan(3);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reads_one_cached_answer_as_a_stream_and_whole(bool streamedFirst)
    {
        await using var gateway = await GatewayApp.StartAsync(route => route.UseProxyCache());
        var chat = Client(gateway).GetChatClient(Model);

        var streamed = streamedFirst ? await ReadStreamAsync(chat) : null;
        ChatCompletion whole = await chat.CompleteChatAsync(Prompt);
        streamed ??= await ReadStreamAsync(chat);

        // Each answer of the simulator has an id of its own.
        streamed.Select(update => update.CompletionId).Distinct().ShouldBe([whole.Id]);
        streamed.ShouldAllBe(update => update.Model == whole.Model && update.CreatedAt == whole.CreatedAt);
        string.Concat(streamed.SelectMany(update => update.ContentUpdate).Select(part => part.Text)).ShouldBe(whole.Content.Single().Text);
        streamed.Select(update => update.Role).First(role => role is not null).ShouldBe(whole.Role);
        streamed.Select(update => update.FinishReason).Single(reason => reason is not null).ShouldBe(whole.FinishReason);
        streamed.Select(update => update.Usage).Single(usage => usage is not null)!.TotalTokenCount.ShouldBe(whole.Usage.TotalTokenCount);
    }

    [Fact]
    public async Task Lists_models_and_makes_embeddings()
    {
        await using var gateway = await GatewayApp.StartAsync();
        var client = Client(gateway);

        (await client.GetOpenAIModelClient().GetModelsAsync()).Value.ShouldNotBeEmpty();
        OpenAI.Embeddings.OpenAIEmbedding embedding = await client.GetEmbeddingClient("embed-test").GenerateEmbeddingAsync(Prompt);
        embedding.ToFloats().Length.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Shows_the_gateways_errors_with_message_type_and_code()
    {
        await using var gateway = await GatewayApp.StartAsync(route => route.UseLimitCount(limit =>
        {
            limit.Count = 1;
            limit.TimeWindow = TimeSpan.FromMinutes(1);
            limit.RejectedCode = 403;
            limit.RejectedMessage = "Zu viele Anfragen, später wieder.";
        }));
        var chat = Client(gateway).GetChatClient(Model);
        await chat.CompleteChatAsync(Prompt);

        var error = await Should.ThrowAsync<ClientResultException>(() => chat.CompleteChatAsync(Prompt));

        error.Status.ShouldBe(403);
        error.Message.ShouldContain("Zu viele Anfragen, später wieder.");
        error.Message.ShouldContain("rate_limit_error");
        error.Message.ShouldContain("rate_limit_exceeded");
    }

    [Fact]
    public async Task Shows_the_upstreams_errors_unchanged()
    {
        await using var gateway = await GatewayApp.StartAsync();
        var chat = Client(gateway, ("X-Simulator-Fault", "quota")).GetChatClient(Model);

        var error = await Should.ThrowAsync<ClientResultException>(() => chat.CompleteChatAsync(Prompt));

        error.Status.ShouldBe(429);
        error.Message.ShouldContain("insufficient_quota");
    }

    [Fact]
    public async Task Waits_and_retries_when_a_limit_answers_429()
    {
        await using var gateway = await GatewayApp.StartAsync(route => route.UseLimitCount(limit =>
        {
            limit.Count = 1;
            limit.TimeWindow = TimeSpan.FromSeconds(1);
        }));
        var chat = Client(gateway).GetChatClient(Model);

        ChatCompletion first = await chat.CompleteChatAsync(Prompt);
        ChatCompletion second = await chat.CompleteChatAsync(Prompt);

        second.Content.Single().Text.ShouldBe(first.Content.Single().Text);
    }

    [Fact]
    public async Task Calls_as_a_consumer()
    {
        await using var gateway = await GatewayApp.StartAsync(route => route.UseBasicAuthConsumers(consumers =>
            consumers.Add("consumer1", username: "username1", password: "password1")));
        var basic = "Basic " + Convert.ToBase64String("username1:password1"u8);

        ChatCompletion completion = await Client(gateway, ("Authorization", basic)).GetChatClient(Model).CompleteChatAsync(Prompt);
        var refused = await Should.ThrowAsync<ClientResultException>(() => Client(gateway).GetChatClient(Model).CompleteChatAsync(Prompt));

        completion.FinishReason.ShouldBe(ChatFinishReason.Stop);
        refused.Status.ShouldBe(401);
        refused.Message.ShouldContain("Invalid authorization in request");
    }

    [Fact]
    public async Task Sees_a_stream_that_breaks_off_as_an_error()
    {
        await using var gateway = await GatewayApp.StartAsync();
        var chat = Client(gateway, ("X-Simulator-Fault", "cut=3")).GetChatClient(Model);

        await Should.ThrowAsync<Exception>(async () =>
        {
            await foreach (var update in chat.CompleteChatStreamingAsync(Prompt))
            {
                update.FinishReason.ShouldBeNull();
            }
        });
    }

    private static async Task<List<StreamingChatCompletionUpdate>> ReadStreamAsync(ChatClient chat)
    {
        var updates = new List<StreamingChatCompletionUpdate>();
        await foreach (var update in chat.CompleteChatStreamingAsync(Prompt))
        {
            updates.Add(update);
        }

        return updates;
    }

    private static OpenAIClient Client(GatewayApp gateway, (string Name, string Value)? header = null)
    {
        var options = new OpenAIClientOptions { Endpoint = gateway.Endpoint };
        if (header is { } set)
        {
            options.AddPolicy(new HeaderPolicy(set.Name, set.Value), PipelinePosition.BeforeTransport);
        }

        return new OpenAIClient(new ApiKeyCredential("sk-of-the-client"), options);
    }
}
